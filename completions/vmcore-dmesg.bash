# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Bash completion of vmcore-dmesg(8): options as its --help has them, and files.

_vmcore_dmesg()
{
	local cur=${COMP_WORDS[COMP_CWORD]} options

	if [[ $cur == -* ]]; then
		options=$("${COMP_WORDS[0]}" --help 2>/dev/null |
			grep -oE -- '(^|[ ,])--?[[:alpha:]][[:alnum:]-]*' | tr -d ' ,')
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		return
	fi
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

complete -F _vmcore_dmesg vmcore-dmesg
