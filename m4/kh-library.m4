dnl SPDX-License-Identifier: GPL-2.0-or-later
dnl Copyright The kexec-hotplug developers
dnl
dnl KH_OPTIONAL_LIBRARY(NAME, VARIABLE, HEADER, LIBRARY, FUNCTION, PURPOSE)
dnl --with-NAME: must be there; --without-NAME: not used; neither: used when found.
AC_DEFUN([KH_OPTIONAL_LIBRARY], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1], [$6 (default: if found)])],
		[kh_want_$2=$withval], [kh_want_$2=check])
	kh_with_$2=no
	$2_LIBS=
	AS_IF([test "x$kh_want_$2" != xno], [
		AC_CHECK_HEADER([$3], [AC_CHECK_LIB([$4], [$5], [kh_with_$2=yes; $2_LIBS=-l$4])])
		AS_IF([test "x$kh_with_$2" = xno && test "x$kh_want_$2" != xcheck],
			[AC_MSG_ERROR([--with-$1 was given, but $3 or lib$4 was not found])])
	])
	AS_IF([test "x$kh_with_$2" = xyes], [AC_DEFINE([HAVE_$2], [1], [Define to 1 for $6.])])
	AC_SUBST([$2_LIBS])
])
