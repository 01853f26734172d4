dnl SPDX-License-Identifier: GPL-2.0-or-later
dnl Copyright The kexec-hotplug developers
dnl
dnl KH_COMPLETIONS(SHELL, PACKAGE, VARIABLE, DEFAULT)
dnl --with-SHELL-completion-dir=DIR; --without: install none; neither: where VARIABLE of
dnl pkg-config's PACKAGE says, with our prefix in place of its own, else DEFAULT.
AC_DEFUN([KH_COMPLETIONS], [
	AC_ARG_WITH([$1-completion-dir], [AS_HELP_STRING([--with-$1-completion-dir=DIR],
		[where completions for $1 go])], [$1_completion_dir=$withval], [$1_completion_dir=yes])
	AS_IF([test "x$$1_completion_dir" = xyes], [
		$1_completion_dir=
		AS_IF([test -n "$2" && test -n "$PKG_CONFIG"], [
			$1_completion_dir=`$PKG_CONFIG --define-variable=prefix=@prefix@ --variable=$3 $2 2>/dev/null |
				$SED -n 's|^@prefix@/|${prefix}/|p'`
		])
		AS_IF([test -z "$$1_completion_dir"], [$1_completion_dir='$4'])
	])
	AC_SUBST([$1_completion_dir])
	AM_CONDITIONAL(m4_toupper([$1])[_COMPLETIONS], [test "x$$1_completion_dir" != xno])
])
