# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Bash completion of kdump-load(8).

_kdump_load()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}

	# "--root=DIR" comes as three words.
	if [[ $cur == "=" ]]; then
		cur=
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $prev == --metrics ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	if [[ $prev == --root ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "--explain --root= --check --reload --unload --next-boot --entry= --list --json --metrics= --help" -- "$cur")
	[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
}

complete -F _kdump_load kdump-load
