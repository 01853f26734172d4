# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
#
# Source this file from bash, with packages.sh before it.

# run_tests PREFIX LOG NAME...: each a function, by itself. One that fails because the
# archive does not serve something now is skipped, with that reason; no other is.
run_tests() {
	local prefix=$1 log=$2 name number=0 outcome=0 status reason
	shift 2
	tests_skipped=$log.skipped
	: >"$tests_skipped"
	echo "1..$#"
	for name; do
		number=$((number + 1))
		("$name") >"$log" 2>&1 </dev/null
		status=$?
		if [ $status -eq 0 ]; then
			echo "ok $number - $prefix: ${name//_/ }"
			continue
		fi
		reason=$(archive_reason "$log") || reason=
		if [ $status -eq "$archive_lacks" ] && [ -n "$reason" ]; then
			echo "ok $number - $prefix: ${name//_/ } # SKIP $reason"
			echo "$name $reason" >>"$tests_skipped"
			continue
		fi
		echo "not ok $number - $prefix: ${name//_/ }"
		tail -n 30 "$log" | sed 's/^/# /'
		outcome=1
	done
	return $outcome
}

# after NAME...: in a test that uses what these have made; false when one was skipped.
after() {
	local name
	for name; do
		sed -n "s/^$name //p" "$tests_skipped" | grep . >&2 || continue
		return "$archive_lacks"
	done
}

# count_tap NAME STATUS LOG: add the test lines of a program that ended with STATUS to
# $passed, $failed and $skipped; and what failed, with the first lines that it said, to
# $failures. One that dies without a failed test is a failure too, told by its last lines, but
# for want of the archive; and so is what is skipped for any other reason.
passed=0 failed=0 skipped=0 failures=
count_tap() {
	local name=$1 status=$2 log=$3 said bad wrong reason
	bad=$(grep -cE '^not ok ' "$log")
	said=$(awk '/^not ok / { print; lines = 6; next } /^# / && lines-- > 0 { print substr($0, 1, 300); next }
		{ lines = 0 }' "$log")
	passed=$((passed + $(grep -E '^ok ' "$log" | grep -civE '# skip')))
	skipped=$((skipped + $(grep -cE '^ok .*# SKIP archive: ' "$log")))
	wrong=$(grep -iE '^ok .*# skip' "$log" | grep -vE '# SKIP archive: ' |
		sed 's/^/not ok - skipped, and not for want of the archive: /')
	if [ -n "$wrong" ]; then
		echo "$wrong"
		said+=${said:+$'\n'}$wrong
		bad=$((bad + $(wc -l <<<"$wrong")))
	fi
	if [ "$status" -eq "$archive_lacks" ] && [ "$bad" -eq 0 ] && reason=$(archive_reason "$log"); then
		echo "ok - the rest of $name # SKIP $reason"
		skipped=$((skipped + 1))
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		said="not ok - $name: ended with status $status"
	elif ! grep -qE '^(not )?ok ' "$log"; then
		said="not ok - $name: ran no test"
	fi
	if [ -n "$said" ] && [ "$bad" -eq 0 ]; then
		echo "$said"
		said=$(printf '%s\n' "$said"; tail -n 6 "$log" | cut -c 1-300 | sed 's/^/# last: /')
		bad=1
	fi
	[ -z "$said" ] || failures+=$(sed "s/^/# $name: /" <<<"$said")$'\n'
	failed=$((failed + bad))
}
