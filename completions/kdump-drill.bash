# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
_kdump_drill()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	case $prev in
	--machine | --keep) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--arch) mapfile -t COMPREPLY < <(compgen -W "arm64 ppc64le x86_64" -- "$cur"); return ;;
	--kernel | --capture-kernel | --initrd | --disk | --kexec | --vmcore-dmesg | --busybox | --report)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--command-line | --options | --crashkernel | --add-memory | --memory | --cpus | --boot-words | --watch | --step) return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "--machine --arch --kernel --capture-kernel --initrd --command-line --options
		--crashkernel --hotplug --add-cpu --add-memory --memory --cpus --boot-words --disk --watch --emulate
		--kexec --vmcore-dmesg --busybox --advise --step --report --json --keep --help -h" -- "$cur")
}
complete -o filenames -F _kdump_drill kdump-drill
