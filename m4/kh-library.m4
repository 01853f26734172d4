dnl SPDX-License-Identifier: GPL-2.0-or-later
dnl Copyright The kexec-hotplug developers
dnl
dnl KH_OPTIONAL_LIBRARY(NAME, VARIABLE, HEADER, LIBRARY, FUNCTION, PURPOSE, [BY-NEED], [ARCHIVE-NEEDS])
dnl --with-NAME: must be there; --without-NAME: not used; neither: used when found.
dnl By need: not linked where it is shared, but loaded when it is needed (common/library.h).
dnl Archive needs: a library that a static LIBRARY may have to be followed by.
AC_DEFUN([KH_OPTIONAL_LIBRARY], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1], [$6 (default: if found)])],
		[kh_want_$2=$withval], [kh_want_$2=check])
	kh_with_$2=no
	$2_LIBS=
	AS_IF([test "x$kh_want_$2" != xno], [
		AC_CHECK_HEADER([$3], [AC_CHECK_LIB([$4], [$5], [kh_with_$2=yes; $2_LIBS=-l$4])
			m4_ifnblank([$8], [AS_IF([test "x$kh_with_$2" = xno], [
				AS_UNSET([ac_cv_lib_$4_$5])
				AC_CHECK_LIB([$4], [$5], [kh_with_$2=yes; $2_LIBS="-l$4 -l$8"], [], [-l$8])])])])
		AS_IF([test "x$kh_with_$2" = xno && test "x$kh_want_$2" != xcheck],
			[AC_MSG_ERROR([--with-$1 was given, but $3 or lib$4 was not found])])
	])
	AS_IF([test "x$kh_with_$2" = xyes], [AC_DEFINE([HAVE_$2], [1], [Define to 1 for $6.])])
	m4_ifnblank([$7], [AS_IF([test "x$kh_with_$2" = xyes && test "x$enable_dlopen" != xno], [
		AC_MSG_CHECKING([for the name of the shared lib$4])
		kh_libs=$LIBS
		LIBS="-l$4 $LIBS"
		kh_soname=
		AC_LINK_IFELSE([AC_LANG_CALL([], [$5])], [kh_soname=`$READELF -d conftest$EXEEXT |
			$SED -n '/NEEDED/s/.*@<:@@<:@@:>@\(lib$4\.so@<:@^@:>@@:>@*\)@:>@.*/\1/p'`])
		LIBS=$kh_libs
		AC_MSG_RESULT([${kh_soname:-none, it is linked}])
		AS_IF([test -n "$kh_soname"], [
			AC_DEFINE_UNQUOTED([$2_SONAME], ["$kh_soname"], [The name of lib$4.])
			AC_DEFINE([LIBRARIES_LOADED], [1], [Define to 1 where libraries are loaded by need.])
			$2_LIBS=
			kh_with_$2="yes, by need"
		])
	])])
	AC_SUBST([$2_LIBS])
])
