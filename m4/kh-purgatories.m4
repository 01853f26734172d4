dnl SPDX-License-Identifier: GPL-2.0-or-later
dnl Copyright The kexec-hotplug developers
dnl
dnl KH_PURGATORIES: which purgatories are built into kexec, and with what.
dnl One ppc64 compiler makes both byte orders. The flags are the purgatory's own:
dnl nothing of CFLAGS or LDFLAGS, which may ask for what cannot work there. Without
dnl alignment, whose padding is the assembler's choice, every compiler of one
dnl version makes the same bytes. KH_*_UNIT_FLAGS are for the one file of an architecture which may
dnl use registers that the rest must leave alone (purgatory/arch/NAME/lanes.c).

AC_DEFUN([KH_PURGATORY_FLAGS],
	[-std=gnu11 -O2 -ffreestanding -fno-builtin -fPIC -fvisibility=hidden -fno-stack-protector -fno-asynchronous-unwind-tables -fno-lto -fno-align-functions -fno-align-jumps -fno-align-labels -fno-align-loops -fno-tree-loop-distribute-patterns -U_FORTIFY_SOURCE -Wall -Wextra])

AC_DEFUN([KH_PPC64_FLAGS], [-mabi=elfv2 -mcmodel=medium -msoft-float -mno-altivec -mno-vsx])
AC_DEFUN([KH_PPC64_UNIT_FLAGS], [-mabi=elfv2 -mcmodel=medium -mcpu=power8 -maltivec -mvsx])
AC_DEFUN([KH_X86_64_FLAGS], [-m64 -march=x86-64 -mgeneral-regs-only -mno-red-zone -fcf-protection=none])
AC_DEFUN([KH_X86_64_UNIT_FLAGS], [-m64 -march=x86-64 -msse4.1 -msha -mno-red-zone -fcf-protection=none])

dnl With the MMU off an access that is not aligned faults.
AC_DEFUN([KH_ARM64_FLAGS], [-march=armv8-a -mgeneral-regs-only -mstrict-align -mbranch-protection=none -mno-outline-atomics])
AC_DEFUN([KH_ARM64_UNIT_FLAGS], [-march=armv8-a+crypto -mstrict-align -mbranch-protection=none -mno-outline-atomics])

dnl KH_TRY_PURGATORY(VARIABLE, WHAT, COMPILER, FLAGS, LIST OF FURTHER FLAGS, UNIT FLAGS): is it one, with each of the list?
AC_DEFUN([KH_TRY_PURGATORY], [
	AC_MSG_CHECKING([whether $3 makes $2 purgatories])
	kh_ok=yes
	for kh_more in $5; do
		AS_ECHO(["int f(int x) { return x; }"]) > conftest.c
		AS_IF([$3 $kh_more KH_PURGATORY_FLAGS $4 -c conftest.c \
			-o conftest.o >&AS_MESSAGE_LOG_FD 2>&1 &&
		       $3 $kh_more $4 -nostdlib -nostartfiles -pie \
			-Wl,--no-dynamic-linker,-e,f conftest.o -o conftest.elf >&AS_MESSAGE_LOG_FD 2>&1 &&
		       $3 $kh_more KH_PURGATORY_FLAGS $6 -c conftest.c \
			-o conftest.o >&AS_MESSAGE_LOG_FD 2>&1],
			[], [kh_ok=no])
	done
	rm -f conftest.c conftest.o conftest.elf
	AC_MSG_RESULT([$kh_ok])
	AS_IF([test $kh_ok = yes], [$1="$3"])
])

dnl KH_FIND_PURGATORY(PREFIX, WHAT, COMPILERS, FLAGS, LIST OF FURTHER FLAGS, UNIT FLAGS): PREFIX_CC, as given or the first of
dnl COMPILERS that works, and PREFIX_OBJCOPY and PREFIX_PURGATORY_LDFLAGS for it.
AC_DEFUN([KH_FIND_PURGATORY], [
	AC_ARG_VAR([$1_CC], [compiler for the $2 purgatories (default: the first which works)])
	AS_IF([test -n "$$1_CC"], [KH_TRY_PURGATORY([$1_CC], [$2], [$$1_CC], [$4], [$5], [$6])
		AS_IF([test $kh_ok = no], [AC_MSG_ERROR([$1_CC=$$1_CC makes no $2 purgatories])])],
		[for kh_cc in $3; do
			AS_IF([test -z "$$1_CC"], [KH_TRY_PURGATORY([$1_CC], [$2], [$kh_cc], [$4], [$5], [$6])])
		done])
	AC_CHECK_PROGS([$1_OBJCOPY], [${$1_CC%gcc}objcopy objcopy llvm-objcopy], [objcopy])
	$1_PURGATORY_LDFLAGS=
	AS_IF([test -n "$$1_CC" && $$1_CC -Wl,--help 2>&AS_MESSAGE_LOG_FD | grep -q -e no-warn-rwx-segments],
		[$1_PURGATORY_LDFLAGS=-Wl,--no-warn-rwx-segments])
	$1_PURGATORY_CFLAGS="$4"
	$1_UNIT_CFLAGS="$6"
	AC_SUBST([$1_PURGATORY_LDFLAGS])
	AC_SUBST([$1_PURGATORY_CFLAGS])
	AC_SUBST([$1_UNIT_CFLAGS])
])

AC_DEFUN([KH_PURGATORIES], [
	AC_ARG_ENABLE([arches], [AS_HELP_STRING([--enable-arches=LIST],
		[machines for which purgatories are built in, separated by commas: ppc64le, ppc64, x86_64, aarch64; the host's own is always there (default: each whose compiler is found)])],
		[kh_want_arches=`AS_ECHO(["$enableval"]) | tr , ' '`], [kh_want_arches=default])

	AS_CASE([$host_cpu],
		[powerpc64le], [kh_host_arch=ppc64le],
		[powerpc64], [kh_host_arch=ppc64],
		[x86_64], [kh_host_arch=x86_64],
		[aarch64], [kh_host_arch=aarch64],
		[kh_host_arch=])
	AS_CASE([" $kh_want_arches "],
		[*\ yes\ *|*\ default\ *], [kh_required="$kh_host_arch"; kh_optional="ppc64le ppc64 x86_64 aarch64"],
		[*\ no\ *], [kh_required="$kh_host_arch"; kh_optional=],
		[kh_required="$kh_host_arch $kh_want_arches"; kh_optional=])

	dnl A compiler may have options in its name, so each is quoted.
	AS_CASE([$kh_host_arch], [ppc64*], [kh_native_ppc64=$CC], [kh_native_ppc64=powerpc64le-linux-gnu-gcc])
	AS_CASE([$kh_host_arch], [x86_64], [kh_native_x86_64=$CC], [kh_native_x86_64=x86_64-linux-gnu-gcc])
	AS_CASE([$kh_host_arch], [aarch64], [kh_native_arm64=$CC], [kh_native_arm64=aarch64-linux-gnu-gcc])
	KH_FIND_PURGATORY([PPC64], [ppc64],
		["$kh_native_ppc64" powerpc64le-linux-gnu-gcc powerpc64-linux-gnu-gcc],
		KH_PPC64_FLAGS, [-mlittle-endian -mbig-endian], KH_PPC64_UNIT_FLAGS)
	KH_FIND_PURGATORY([X86_64], [x86_64], ["$kh_native_x86_64" x86_64-linux-gnu-gcc gcc],
		KH_X86_64_FLAGS, [-m64], KH_X86_64_UNIT_FLAGS)
	KH_FIND_PURGATORY([ARM64], [aarch64], ["$kh_native_arm64" aarch64-linux-gnu-gcc], KH_ARM64_FLAGS,
		[-mlittle-endian], KH_ARM64_UNIT_FLAGS)

	kh_arches=
	for kh_arch in $kh_required $kh_optional; do
		AS_CASE([" $kh_arches "], [*" $kh_arch "*], [continue])
		AS_CASE([$kh_arch],
			[ppc64|ppc64le], [kh_cc=$PPC64_CC kh_how="gcc-powerpc64le-linux-gnu or set PPC64_CC"],
			[x86_64], [kh_cc=$X86_64_CC kh_how="gcc-x86-64-linux-gnu or set X86_64_CC"],
			[aarch64], [kh_cc=$ARM64_CC kh_how="gcc-aarch64-linux-gnu or set ARM64_CC"],
			[AC_MSG_ERROR([--enable-arches: there is no architecture "$kh_arch"; known: ppc64le, ppc64, x86_64, aarch64])])
		AS_IF([test -n "$kh_cc"], [kh_arches="${kh_arches:+$kh_arches }$kh_arch"],
			[AS_CASE([" $kh_required "], [*" $kh_arch "*],
				[AC_MSG_ERROR([no compiler makes a purgatory for $kh_arch: install $kh_how])])])
	done
	AC_CHECK_PROGS([PURGATORY_READELF], [readelf ${PPC64_CC%gcc}readelf llvm-readelf], [readelf])
	PURGATORY_CFLAGS="KH_PURGATORY_FLAGS"
	PURGATORY_BLOBS=
	for kh_arch in $kh_arches; do
		PURGATORY_BLOBS="$PURGATORY_BLOBS purgatory/$kh_arch.bin"
	done
	AC_SUBST([PURGATORY_CFLAGS])
	AC_SUBST([PURGATORY_BLOBS])
])
