# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Bash completion of kexec(8). Needs nothing of bash-completion but that it
# finds this file.

_kexec_reply()
{
	mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

_kexec()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local plain="--load-panic --load --exec --force --unload --status --verbose --hotplug
		--reuse-cmdline --dt-no-old-root --no-checks --kexec-syscall-auto --kexec-file-syscall
		--kexec-syscall --acpi-memhotplug --no-cma --force-dtb --no-ifdown --no-sync --print-ckr-size --dry-run
		--json --map --openmetrics --debug --help --version --load-preserve-context --load-jump-back-helper
		--load-live-update --exec-live-update --reuseinitrd --args-linux --elf64-core-headers
		--console-serial --console-vga --noefi --pass-memmap-cmdline --reset-vga --real-mode --entry-32bit
		--args-elf --args-none --reuse-video-type --elf32-core-headers
		-p -l -e -f -u -S -t -i -a -s -c -x -y -d -h -v"
	local valued="--initrd= --ramdisk= --dtb= --devicetreeblob= --command-line= --append= --base-cmdline= --remove-cmdline= --type=
		--mem-min= --mem-max= --entry= --dump= --record= --sysroot= --serial= --serial-baud= --module="

	# "--initrd=FILE" comes as three words.
	if [[ $cur == "=" ]]; then
		cur=
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	case $prev in
	--command-line | --append | --base-cmdline | --remove-cmdline | --mem-min | --mem-max | --entry)
		return ;;
	--serial)
		_kexec_reply -W "ttyS0 ttyS1 ttyAMA0"
		return ;;
	--serial-baud)
		_kexec_reply -W "9600 19200 38400 57600 115200"
		return ;;
	--module) return ;;
	--type | -t)
		_kexec_reply -W "elf-ppc64 elf-x86_64 vmlinux bzImage Image uki zboot zImage uImage"
		return ;;
	--dump | --record | --sysroot)
		compopt -o filenames 2>/dev/null
		_kexec_reply -d
		return ;;
	--initrd | --ramdisk | --dtb | --devicetreeblob) ;;
	*)
		if [[ $cur == -* ]]; then
			_kexec_reply -W "$plain $valued"
			[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
			return
		fi ;;
	esac
	compopt -o filenames 2>/dev/null
	_kexec_reply -f
}

complete -F _kexec kexec
