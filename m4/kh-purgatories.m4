dnl SPDX-License-Identifier: GPL-2.0-or-later
dnl Copyright The kexec-hotplug developers
dnl
dnl KH_PURGATORIES: which purgatories are built into kexec, and with what.
dnl One ppc64 compiler makes both byte orders. Its flags are the purgatory's own:
dnl nothing of CFLAGS or LDFLAGS, which may ask for what cannot work there. Without
dnl alignment, whose padding is the assembler's choice, every compiler of one
dnl version makes the same bytes.

AC_DEFUN([KH_PURGATORY_FLAGS],
	[-std=gnu11 -O2 -ffreestanding -fno-builtin -fPIC -fvisibility=hidden -fno-stack-protector -fno-asynchronous-unwind-tables -fno-lto -fno-align-functions -fno-align-jumps -fno-align-labels -fno-align-loops -fno-tree-loop-distribute-patterns -U_FORTIFY_SOURCE -Wall -Wextra])

AC_DEFUN([KH_PPC64_FLAGS], [-mabi=elfv2 -mcmodel=medium -msoft-float -mno-altivec -mno-vsx])

dnl KH_TRY_PPC64(COMPILER): is it one, for both byte orders?
AC_DEFUN([KH_TRY_PPC64], [
	AC_MSG_CHECKING([whether $1 makes ppc64 purgatories])
	kh_ok=yes
	for kh_order in little big; do
		AS_ECHO(["int f(int x) { return x; }"]) > conftest.c
		AS_IF([$1 -m$kh_order-endian KH_PURGATORY_FLAGS KH_PPC64_FLAGS -c conftest.c \
			-o conftest.o >&AS_MESSAGE_LOG_FD 2>&1 &&
		       $1 -m$kh_order-endian -mabi=elfv2 -nostdlib -nostartfiles -pie \
			-Wl,--no-dynamic-linker,-e,f conftest.o -o conftest.elf >&AS_MESSAGE_LOG_FD 2>&1],
			[], [kh_ok=no])
	done
	rm -f conftest.c conftest.o conftest.elf
	AC_MSG_RESULT([$kh_ok])
	AS_IF([test $kh_ok = yes], [PPC64_CC="$1"])
])

AC_DEFUN([KH_PURGATORIES], [
	AC_ARG_ENABLE([arches], [AS_HELP_STRING([--enable-arches=LIST],
		[machines for which purgatories are built in, separated by commas: ppc64le, ppc64; the host's own is always there (default: each whose compiler is found)])],
		[kh_want_arches=`AS_ECHO(["$enableval"]) | tr , ' '`], [kh_want_arches=default])
	AC_ARG_VAR([PPC64_CC], [compiler for the ppc64 purgatories (default: the first which works)])

	AS_CASE([$host_cpu],
		[powerpc64le], [kh_host_arch=ppc64le],
		[powerpc64], [kh_host_arch=ppc64],
		[kh_host_arch=])
	AS_CASE([" $kh_want_arches "],
		[*\ yes\ *|*\ default\ *], [kh_required="$kh_host_arch"; kh_optional="ppc64le ppc64"],
		[*\ no\ *], [kh_required="$kh_host_arch"; kh_optional=],
		[kh_required="$kh_host_arch $kh_want_arches"; kh_optional=])

	AS_IF([test -n "$PPC64_CC"], [KH_TRY_PPC64([$PPC64_CC])
		AS_IF([test $kh_ok = no], [AC_MSG_ERROR([PPC64_CC=$PPC64_CC makes no ppc64 purgatories])])],
		[for kh_cc in ${kh_host_arch:+"$CC"} powerpc64le-linux-gnu-gcc powerpc64-linux-gnu-gcc; do
			AS_IF([test -z "$PPC64_CC"], [KH_TRY_PPC64([$kh_cc])])
		done])

	kh_arches=
	for kh_arch in $kh_required $kh_optional; do
		AS_CASE([" $kh_arches "], [*" $kh_arch "*], [continue])
		AS_CASE([$kh_arch], [ppc64|ppc64le], [],
			[AC_MSG_ERROR([--enable-arches: there is no architecture "$kh_arch"; known: ppc64le, ppc64])])
		AS_IF([test -n "$PPC64_CC"], [kh_arches="${kh_arches:+$kh_arches }$kh_arch"],
			[AS_CASE([" $kh_required "], [*" $kh_arch "*],
				[AC_MSG_ERROR([no compiler makes a purgatory for $kh_arch: install gcc-powerpc64le-linux-gnu or set PPC64_CC])])])
	done
	AC_CHECK_PROGS([PURGATORY_OBJCOPY], [${PPC64_CC%gcc}objcopy objcopy llvm-objcopy], [objcopy])
	AC_CHECK_PROGS([PURGATORY_READELF], [${PPC64_CC%gcc}readelf readelf llvm-readelf], [readelf])
	PURGATORY_LDFLAGS=
	AS_IF([test -n "$kh_arches" && $PPC64_CC -Wl,--help 2>&AS_MESSAGE_LOG_FD | grep -q -e no-warn-rwx-segments],
		[PURGATORY_LDFLAGS=-Wl,--no-warn-rwx-segments])
	AC_SUBST([PURGATORY_LDFLAGS])
	PURGATORY_CFLAGS="KH_PURGATORY_FLAGS"
	PPC64_PURGATORY_CFLAGS="KH_PPC64_FLAGS"
	PURGATORY_BLOBS=
	for kh_arch in $kh_arches; do
		PURGATORY_BLOBS="$PURGATORY_BLOBS purgatory/$kh_arch.bin"
	done
	AC_SUBST([PURGATORY_CFLAGS])
	AC_SUBST([PPC64_PURGATORY_CFLAGS])
	AC_SUBST([PURGATORY_BLOBS])
])
