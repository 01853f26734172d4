# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""What the boot loader would start next: entries and their order as bootctl has them, on trees made at random and by
distributions' own programs; GRUB; links; what is asked of kexec.

usage: unshare --mount python3 next_boot.py [--trees N] KDUMP-LOAD NEXT-BOOT KEXEC SYSTEMD GRUB KERNEL UKIFY...

SYSTEMD and GRUB: directories with the unpacked packages. Prints TAP.
"""
import json
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import apart  # noqa: E402
from boot_trees import KERNEL, VENDOR, Bootctl, random_tree, set_variables, some, uki, write  # noqa: E402
from tap import Tap, expect, expect_same  # noqa: E402

SEED = os.environ.get("KEXEC_TEST_SEED", "0")
# What bootctl has and kdump-load --list has not: what is the same in all trees, or follows from the rest.
OTHERS = {"source", "isReported", "showTitle", "cmdline", "addons", "profile", "uname"}


class Tools:
    load = next_boot = kexec = grub = kernel = ukify = top = bootctl = None
    trees = 40


def run(root, *arguments, kexec="/bin/true", **kw):
    env = dict(os.environ, KEXEC=kexec, KEXEC_NEXT_BOOT=Tools.next_boot)
    return subprocess.run([Tools.load, f"--root={root}", *arguments], capture_output=True, env=env, **kw)


def listed(root):
    done = run(root, "--list", "--json")
    expect(done.returncode == 0, done)
    return json.loads(done.stdout), done.stderr.decode()


def next_of(root):
    """(what is asked of kexec, what is said) of what would be loaded, paths without the root."""
    recorder = f"{Tools.top}/recorder"
    write(recorder, f'#!/bin/sh\nprintf "%s\\n" "$@" >{Tools.top}/asked\n')
    os.chmod(recorder, 0o755)
    if os.path.exists(f"{Tools.top}/asked"):
        os.unlink(f"{Tools.top}/asked")
    done = run(root, "--next-boot", "--explain", kexec=recorder)
    said = done.stderr.decode() + done.stdout.decode()
    if done.returncode:
        return None, said
    with open(f"{Tools.top}/asked", encoding="utf-8") as f:
        asked = f.read().replace(root, "").splitlines()
    expect(asked[:3] == ["--sysroot=", "--dry-run", "-l"], asked)
    return asked[3:], said


def tree(files, variables=None, name="tree"):
    root = tempfile.mkdtemp(prefix=name, dir=Tools.top)
    for path, data in files.items():
        if isinstance(data, tuple):
            os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
            os.symlink(data[0], f"{root}/{path}")
        else:
            write(f"{root}/{path}", data)
    set_variables(root, variables or {})
    return root


# --- against bootctl ---

def as_path(value):
    """bootctl makes a path of what an entry says."""
    return os.path.normpath("/" + value)


def comparable(e):
    e = {k: v for k, v in e.items() if k not in OTHERS}
    if "linux" in e:
        e["linux"] = as_path(e["linux"])
    return e


def same_as_bootctl(root):
    """But for names that it takes for none, and systemd-boot shows all the same (seen with 257)."""
    everything, said = listed(root)
    theirs = Tools.bootctl.list(root)
    ours = [e for e in everything if re.fullmatch(r"[\w+.@-]+", e["id"], re.A)]
    other_default = any(e["isDefault"] and e not in ours for e in everything)
    variables = os.path.isdir(f"{root}/sys")
    for mine, other in zip(ours, theirs):
        mine, other = comparable(mine), comparable(other)
        if other_default or (variables and not Tools.bootctl.knows_variables):
            mine.pop("isDefault"), other.pop("isDefault")
        expect(mine == other, f"{root}: {mine}\nbootctl: {other}\n{said}")
    expect_same(root, [e["id"] for e in ours], [e["id"] for e in theirs])
    return ours


def random_trees():
    several = defaults = 0
    for i in range(Tools.trees):
        root = f"{Tools.top}/random{i}"
        random_tree(root, f"{SEED}-{i}")
        ours = same_as_bootctl(root)
        several += len(ours) > 3
        defaults += bool(ours) and not ours[0]["isDefault"]
        shutil.rmtree(root)
    expect(several > Tools.trees / 4 and defaults, f"{several} trees have several entries, {defaults} another default")


def versions():
    """The order that the Version Format Specification has for an example; bootctl has it, too."""
    order = ["122.1", "123~rc1-1", "123", "123-a", "123-a.1", "123-1", "123-1.1", "123^post1", "123.a-1", "123.1-1", "123a-1",
             "124-1"]
    files = {f"efi/loader/entries/{chr(97 + i * 7 % 12)}.conf": f"sort-key a\nversion {v}\nlinux /k\n" for i, v in enumerate(order)}
    ours = same_as_bootctl(tree({**files, "efi/EFI/x": b"x", "efi/k": KERNEL}))
    expect_same("versions", [e["version"] for e in ours], order[::-1])


def random_versions():
    """In the order that bootctl has, whatever of ASCII they are made of: of "~é" it says that "~" is newer, for its
    characters have signs; those of systemd-boot have none."""
    rng = random.Random(SEED)
    for _ in range(max(3, Tools.trees // 10)):
        same_as_bootctl(tree({f"efi/loader/entries/{i:03}.conf": f"sort-key a\nversion {some(rng, 6, [*'0019azZA~^-.+_,', 'ab'])}\nlinux /k\n"
                              for i in range(100)} | {"efi/EFI/x": b"x", "efi/k": KERNEL}))


def debian_with_systemd_boot():
    """What Debian's kernel-install makes of kernels, one of them after it was booted once, and ukify."""
    root = tree({"efi/EFI/systemd/systemd-bootx64.efi": b"x", "efi/loader/loader.conf": "timeout 3\n", "efi/loader/entries.srel": "type1\n",
                 "etc/os-release": 'ID=debian\nNAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\n',
                 "etc/kernel/cmdline": "root=UUID=11 ro quiet\n", "initrd": b"an initrd"})
    machine = "0123456789abcdef0123456789abcdef"
    for version, tries in ("6.12.57+deb13-amd64", None), ("6.9.7-amd64", None), ("6.13.1-amd64", "2"):
        if tries:
            write(f"{root}/etc/kernel/tries", tries + "\n")
        env = dict(os.environ, BOOT_ROOT="/boot", MACHINE_ID=machine, KERNEL_INSTALL_CONF_ROOT=f"{root}/etc/kernel",
                   KERNEL_INSTALL_PLUGINS="/usr/lib/kernel/install.d/90-loaderentry.install")
        done = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount --bind "$0/etc/os-release" /etc/os-release && '
                               'mount -t tmpfs none /boot && cp -a "$0/efi/." /boot && kernel-install "$@" && '
                               'cp -a /boot/. "$0/efi"', root, "add", version, Tools.kernel, f"{root}/initrd"],
                              env=env, capture_output=True, text=True)
        expect(done.returncode == 0, done)
    ours = same_as_bootctl(root)
    expect(len(ours) == 3 and "6.13.1" in ours[0]["id"] and ours[0]["triesLeft"] == 2, ours)
    asked, said = next_of(root)
    expect_same("asked", asked[1], "--command-line=" + ours[0]["options"])
    expect(asked[0].startswith(f"--initrd=/efi/{machine}/6.13.1-amd64/") and asked[2].endswith("/linux"), asked)
    expect("2 boots are left to try; only the boot loader counts them" in said, said)
    # ... and kexec itself makes a plan of it.
    done = run(f"{root}", "--next-boot", "--explain", "--entry=" + ours[1]["id"], kexec=Tools.kexec)
    expect(b"6.12.57+deb13" in done.stdout and b"command " in done.stdout, done)
    with_ukify(root)


def with_ukify(root):
    os.makedirs(f"{root}/efi/EFI/Linux")
    command, stub = Tools.ukify[:-1], Tools.ukify[-1]
    done = subprocess.run([*command, "build", f"--linux={Tools.kernel}", f"--initrd={root}/initrd", "--cmdline=root=UUID=12 quiet",
                           f"--os-release=@{root}/etc/os-release", "--uname=6.12.57", f"--stub={stub}",
                           f"--output={root}/efi/EFI/Linux/debian-uki.efi"], capture_output=True, text=True)
    expect(done.returncode == 0, done)
    ours = same_as_bootctl(root)
    mine = [e for e in ours if e["type"] == "type2"]
    expect(len(mine) == 1 and mine[0]["options"] == "root=UUID=12 quiet", mine)
    write(f"{root}/efi/loader/loader.conf", "default *-UKI.efi\n")
    expect_same("asked", next_of(root)[0], ["/efi/EFI/Linux/debian-uki.efi"])


def menu_of_debian(root, default="0"):
    """What Debian's grub-mkconfig makes of /boot: its own 00_header and 10_linux, told what the disk is."""
    probe = f"{Tools.top}/probe"
    write(probe, '#!/bin/sh\ncase "$*" in\n*fs_uuid*) echo 1111-22 ;;\n*abstraction*) ;;\n*hint*) echo --hint=hd0,gpt2 ;;\n'
          '*"-t fs "*|*=fs*) echo ext2 ;;\n*partmap*) echo gpt ;;\n*) echo /dev/vda2 ;;\nesac\n')
    write(f"{Tools.top}/no", "#!/bin/sh\nexit 1\n")
    write(f"{Tools.top}/same", '#!/bin/sh\necho "$1"\n')
    for name in "probe", "no", "same":
        os.chmod(f"{Tools.top}/{name}", 0o755)
    env = dict(os.environ, grub_probe=probe, grub_file=f"{Tools.top}/no", grub_mkrelpath=f"{Tools.top}/same",
               pkgdatadir=f"{Tools.grub}/usr/share/grub", prefix="/usr", datarootdir="/usr/share", sysconfdir="/etc",
               GRUB_DEVICE="/dev/vda2", GRUB_DEVICE_BOOT="/dev/vda2", GRUB_DEVICE_UUID="1111-22", GRUB_DEVICE_BOOT_UUID="1111-22",
               GRUB_FS="ext2", GRUB_DISTRIBUTOR="Debian", GRUB_CMDLINE_LINUX_DEFAULT="quiet splash=\"a b\"", GRUB_PREFIX="/boot/grub",
               GRUB_TERMINAL_OUTPUT="console", GRUB_DEFAULT=default, GRUB_DISABLE_LINUX_UUID="true")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount --bind "$0/boot" /boot && sh "$1/etc/grub.d/00_header" && '
                           'sh "$1/etc/grub.d/10_linux"', root, Tools.grub], env=env, capture_output=True)
    expect(done.returncode == 0 and b"menuentry" in done.stdout, done)
    write(f"{root}/boot/grub/grub.cfg", done.stdout)


def environment(**values):
    text = "# GRUB Environment Block\n" + "".join(f"{k}={v}\n" for k, v in values.items())
    return text.ljust(1024, "#")


def debian_with_grub():
    old, new = "6.9.7-amd64", "6.12.57+deb13-amd64"
    root = tree({f"boot/{name}-{v}": KERNEL for v in (old, new) for name in ("vmlinuz", "initrd.img")})
    menu_of_debian(root)
    wanted = {v: [f"--initrd=/boot/initrd.img-{v}", "--command-line=root=/dev/vda2 ro quiet splash=a b".replace("splash=a b", '"splash=a b"'),
                  f"/boot/vmlinuz-{v}"] for v in (old, new)}
    ours = listed(root)[0]
    expect([e["type"] for e in ours] == ["grub"] * 6 and ours[0]["isDefault"], ours)
    expect_same("the first", next_of(root)[0], wanted[new])
    for default in "1>2", f"Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux {old}", \
            f"gnulinux-advanced-1111-22>gnulinux-{old}-advanced-1111-22":
        menu_of_debian(root, default)
        expect_same(default, next_of(root)[0], wanted[old])
    for default in "9", "no such", f"gnulinux-{old}-advanced-1111-22":     # what GRUB does not find in its first menu
        menu_of_debian(root, default)
        expect_same(default, next_of(root)[0], wanted[new])
    menu_of_debian(root, "saved")
    expect_same("nothing is saved", next_of(root)[0], wanted[new])
    write(f"{root}/boot/grub/grubenv", environment(saved_entry=f"gnulinux-advanced-1111-22>gnulinux-{old}-advanced-1111-22"))
    asked, said = next_of(root)
    expect(asked == wanted[old] and "saved_entry of GRUB's environment block" in said, said)
    write(f"{root}/boot/grub/grubenv", environment(saved_entry="1>2", next_entry="0"))
    asked, said = next_of(root)
    expect(asked == wanted[new] and "next_entry of GRUB's environment block, which stays there" in said, said)
    with open(f"{root}/boot/grub/grub.cfg", "a", encoding="utf-8") as f:
        f.write("menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {\n\tfwsetup\n}\n")
    write(f"{root}/boot/grub/grubenv", environment(next_entry="uefi-firmware"))
    asked, said = next_of(root)
    expect(asked is None and 'GRUB would start "UEFI Firmware Settings", which is no kernel of Linux' in said, said)


MACHINE = "0123456789abcdef0123456789abcdef"


def fedora(**grubenv):
    """Entries as Fedora's 20-grub.install writes them, for GRUB's blscfg."""
    files = {"boot/grub2/grub.cfg": 'if [ "${next_entry}" ] ; then\n set default="${next_entry}"\nelse\n set default="${saved_entry}"\n'
             "fi\ninsmod blscfg\nblscfg\nif [ \"$x\" = 1 ]; then\nmenuentry 'x' { fwsetup; }\nfi\n",
             "boot/efi/EFI/fedora/grubx64.efi": b"x"}
    for version in "0-rescue-" + MACHINE, "6.9.7-200.fc40.x86_64", "6.12.5-200.fc41.x86_64":
        name = f"{MACHINE}-{version.replace('-' + MACHINE, '')}"
        files[f"boot/loader/entries/{name}.conf"] = (
            f"title Fedora Linux ({version}) 41\nversion {version}\nlinux /vmlinuz-{version}\ninitrd /initramfs-{version}.img $tuned_initrd\n"
            "options root=UUID=12 ro rhgb quiet $tuned_params\ngrub_users $grub_users\ngrub_arg --unrestricted\ngrub_class fedora\n")
        files[f"boot/vmlinuz-{version}"] = files[f"boot/initramfs-{version}.img"] = KERNEL
    files["boot/tuned.img"] = b"x"
    return tree({**files, "boot/grub2/grubenv": environment(**grubenv)})


def fedora_with_grub():
    new = ["--initrd=/boot/initramfs-6.12.5-200.fc41.x86_64.img", "--command-line=root=UUID=12 ro rhgb quiet ",
           "/boot/vmlinuz-6.12.5-200.fc41.x86_64"]
    old = [word.replace("6.12.5-200.fc41", "6.9.7-200.fc40") for word in new]
    root = fedora()
    ids = [e["id"] for e in listed(root)[0]]
    expect_same("order", ids, [f"{MACHINE}-{v}" for v in ("6.12.5-200.fc41.x86_64", "6.9.7-200.fc40.x86_64", "0-rescue")])
    expect_same("the first", next_of(root)[0], new)
    expect_same("saved", next_of(fedora(saved_entry=f"{MACHINE}-6.9.7-200.fc40.x86_64"))[0], old)
    expect_same("a number", next_of(fedora(saved_entry="1"))[0], old)
    expect_same("for once", next_of(fedora(saved_entry="1", next_entry="0"))[0], new)
    asked = next_of(fedora(tuned_params="isolcpus=1", tuned_initrd="/tuned.img"))[0]
    expect_same("variables", asked, [new[0], "--initrd=/boot/tuned.img", "--command-line=root=UUID=12 ro rhgb quiet isolcpus=1", new[2]])
    # /boot on the root file system, a subvolume: paths begin at the top of it.
    for prefix in "/boot", "/root/boot":
        root = fedora()
        for path in os.listdir(f"{root}/boot/loader/entries"):
            with open(f"{root}/boot/loader/entries/{path}", "r+", encoding="utf-8") as f:
                text = f.read().replace(" /vmlinuz", f" {prefix}/vmlinuz").replace(" /initramfs", f" {prefix}/initramfs")
                f.seek(0)
                f.write(text)
        expect_same(prefix, next_of(root)[0], new)


def opensuse_with_grub():
    """grub2-bls: entries on the ESP, GRUB says of itself what it is, and there is no grub.cfg."""
    version = "6.12.0-1-default"
    files = {"boot/efi/EFI/opensuse/grub.efi": b"x", f"boot/efi/loader/entries/opensuse-tumbleweed-{version}-1.conf":
             f"title openSUSE\nversion 1@{version}\nsort-key opensuse-tumbleweed\noptions root=UUID=1\n"
             f"linux /opensuse-tumbleweed/{version}/linux-1\ninitrd /opensuse-tumbleweed/{version}/initrd-2\n"}
    for name in "linux-1", "initrd-2":
        files[f"boot/efi/opensuse-tumbleweed/{version}/{name}"] = KERNEL
    root = tree(files, {"LoaderInfo": "GRUB 2.12"})
    expect_same("asked", next_of(root)[0], [f"--initrd=/boot/efi/opensuse-tumbleweed/{version}/initrd-2", "--command-line=root=UUID=1",
                                            f"/boot/efi/opensuse-tumbleweed/{version}/linux-1"])


def opensuse_variables():
    """A GRUB without a script goes by the variables of its own, as others of the specification do."""
    files = {"boot/efi/EFI/opensuse/grub.efi": b"x", "boot/efi/k": KERNEL,
             **{f"boot/efi/loader/entries/{n}.conf": f"linux /k\noptions {n}\n" for n in "abc"}}
    for variables, wanted in (({}, "c"), ({"LoaderEntryOneShot": "a.conf"}, "a"), ({"LoaderEntryOneShot": "b"}, "b"),
                              ({"LoaderEntryDefault": "a.conf"}, "a"), ({"LoaderEntryDefault": "none.conf"}, "c"),
                              ({"LoaderEntryOneShot": "b.conf", "LoaderEntryDefault": "a.conf"}, "b")):
        asked, said = next_of(tree(files, {"LoaderInfo": "GRUB 2.12", **variables}))
        expect_same(variables, asked, [f"--command-line={wanted}", "/boot/efi/k"])
        expect(("it stays set" in said) == ("LoaderEntryOneShot" in variables), said)


# --- a script of GRUB's ---

# As Fedora has them: 08_fallback_counting, and the head of 00_header.
FALLBACK = """insmod increment
# Check if boot_counter exists and boot_success=0 to activate this behaviour.
if [ -n "${boot_counter}" -a "${boot_success}" = "0" ]; then
  # if countdown has ended, choose to boot rollback deployment,
  # i.e. default=1 on OSTree-based systems.
  if  [ "${boot_counter}" = "0" -o "${boot_counter}" = "-1" ]; then
    set default=1
    set boot_counter=-1
  # otherwise decrement boot_counter
  else
    decrement boot_counter
  fi
  save_env boot_counter
fi
"""
HEAD = """if [ -f ${config_directory}/grubenv ]; then
  load_env -f ${config_directory}/grubenv
elif [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
"""
MENU = "".join(f"menuentry '{n}' --id {n} {{\nlinux /vmlinuz {n}\n}}\n" for n in "abc")


def script(text, more=None, variables=None, **values):
    """(the command line, what is said): None: nothing is loaded."""
    root = tree({"boot/grub2/grub.cfg": text, "boot/vmlinuz": KERNEL, "boot/grub2/grubenv": environment(**values), **(more or {})}, variables)
    asked, said = next_of(root)
    return asked and asked[0].removeprefix("--command-line="), said


def conditions_of_a_script():
    """One that is known is followed; what one about anything else decides is refused."""
    for values, wanted in (({}, "a"), ({"boot_counter": 0, "boot_success": 0}, "b"), ({"boot_counter": -1, "boot_success": 0}, "b"),
                           ({"boot_counter": 2, "boot_success": 0}, "a"), ({"boot_counter": 0, "boot_success": 1}, "a"),
                           ({"saved_entry": "c"}, "c"), ({"saved_entry": "c", "next_entry": "b"}, "b"),
                           ({"saved_entry": "c", "boot_counter": 0, "boot_success": 0}, "b")):
        expect_same(values, script(HEAD + FALLBACK + MENU, **values)[0], wanted)
    always = {'[ x"$y" = x ]': True, '[ x"$y" = x1 ]': False, "[ a != b ]": True, "[ ! a = b ]": True, "[ 2 -gt 10 ]": False, "true": True,
              "false": False, "test -z": True, "[ -n x -a -z x -o a ]": True, "[ -f $prefix/none ]": False, "[ -e $prefix/grub.cfg ]": True}
    for condition, holds in always.items():
        text = f"set default=a\nif {condition}; then\n set default=b\nelif true; then set default=c; else set default=x; fi\n{MENU}"
        expect_same(condition, script(text)[0], "b" if holds else "c")
    for condition in '[ "$grub_platform" = efi ]', "sleep 1", "[ -f /elsewhere ]", "cmostest 1:1", "[ a -foo b ]", "[ $? = 0 ]":
        decided = f"if {condition}; then set default=b; fi\n"
        asked, said = script("set default=a\n" + decided + MENU)
        expect(asked is None and "what GRUB would start is decided by" in said and "of which only GRUB knows what it is" in said, f"{condition} {said}")
        # ... but what comes after it is known again, and so is what is the same in either case.
        expect_same(condition, script(decided + "set default=c\n" + MENU)[0], "c")
        expect_same(condition, script("set default=b\n" + decided + MENU)[0], "b")
        # ... and of the menu what is before, or has a name.
        asked, said = script(f"if {condition}; then\nmenuentry x {{\nlinux /vmlinuz x\n}}\nfi\n" + MENU)
        expect(asked is None and 'whether GRUB would start "' in said, said)
        expect_same(condition, script(f"set default=c\nif {condition}; then\nmenuentry x {{\nlinux /vmlinuz x\n}}\nfi\n" + MENU)[0], "c")
    for text in "true && set default=b\n", "for i in 1 2; do\nset default=b\ndone\n", "function f {\nset default=b\n}\nf\n", \
            "read default\n", "probe --set=default x\n", "set default=$cmdpath\n":
        asked, said = script(text + MENU)
        expect(asked is None and "what GRUB would start is decided by" in said, f"{text} {said}")
    expect_same("a function", script("function f {\nset default=b\n}\n" + MENU)[0], "a")
    expect_same("a submenu", script("submenu s {\nset default=b\n}\n" + MENU + "set default=a\n")[0], "a")


def kernels_under_a_condition():
    entry = "menuentry a {{\nif {}; then\nlinux /vmlinuz one\nelse\nlinux /vmlinuz two\nfi\n}}\n"
    expect_same("known", script(entry.format("[ $x = 1 ]") + "set x=1\n")[0], "one")
    expect_same("known", script(entry.format("[ x$x = x1 ]"))[0], "two")
    asked, said = script(entry.format("[ $grub_cpu = x86_64 ]"))
    expect(asked is None and "what it loads is decided by $grub_cpu, of which only GRUB knows what it is" in said, said)
    # As Debian has them: of no consequence for what is loaded.
    expect_same("modules", script("menuentry a {\nif [ x$grub_platform = xxen ]; then insmod xzio; fi\nlinux /vmlinuz a\n}\n")[0], "a")


def variables_of_a_script():
    """In options of the menu and of entries alike; what nobody sets is refused."""
    def bls(text, options="$kernelopts $tuned_params", **values):
        entry = {"boot/loader/entries/a.conf": f"linux /vmlinuz\noptions {options}\n", "boot/efi/EFI/x": b"x"}
        return script(text, entry, **values)
    fallback = 'if [ -z "${kernelopts}" ]; then\n  set kernelopts="root=UUID=1 ro"\nfi\n'
    expect_same("set", bls(fallback + "blscfg\n")[0], "root=UUID=1 ro ")
    expect_same("both", bls(fallback + "blscfg\n", kernelopts="root=/dev/x")[0], "root=/dev/x ")
    expect_same("tuned", bls('set tuned_params="isolcpus=1"\n' + fallback + "blscfg\n")[0], "root=UUID=1 ro isolcpus=1")
    for text, said in ("blscfg\n", "it has $kernelopts, which nothing sets"), \
            ("blscfg\n" + fallback, "it has $kernelopts, of which only GRUB knows what it is"), \
            ("probe --set=kernelopts x\nblscfg\n", "it has $kernelopts, of which only GRUB knows what it is"):
        asked, got = bls(text)
        expect(asked is None and said in got, f"{text} {got}")
    expect_same("menu", script("set x='a b'\nmenuentry a {\nlinux /vmlinuz $x \"$x\" '$x' c$x \"q\\\"q\" $vt_handoff $extra_cmdline\n}\n")[0],
                'a b "a b" $x ca b q\\"q')
    for word in "$nobody", "$grub_cpu":
        asked, said = script(f"menuentry a {{\nlinux /vmlinuz a {word} b\n}}\n")
        expect(asked is None and f"it has {word}, " in said, said)


def menu_beside_entries():
    """What is not of blscfg is found, too; what is nowhere is said."""
    for saved, text in ("osprober-efi-1", 'GRUB would start "Windows", which is no kernel of Linux'), ("0", "vmlinuz-6.12"), \
            ("3", "which is no kernel of Linux"), ("gone", "the first: gone, saved_entry of GRUB's environment block, is not in GRUB's menu"):
        root = fedora(saved_entry=saved)
        with open(f"{root}/boot/grub2/grub.cfg", "a", encoding="utf-8") as f:
            f.write("menuentry_id_option=--id\nmenuentry 'Windows' --class windows $menuentry_id_option 'osprober-efi-1' {\n"
                    "chainloader /bootmgfw.efi\n}\n")
        asked, said = next_of(root)
        expect((asked is None) == ("no kernel" in text) and text in said, f"{saved} {said}")
        expect_same("order", [e["type"] for e in listed(root)[0]], ["type1"] * 3 + ["grub"])
    root = fedora(saved_entry="0")
    with open(f"{root}/boot/grub2/grub.cfg", "r+", encoding="utf-8") as f:
        text = f.read()
        f.seek(0)
        f.write("menuentry 'x' { fwsetup; }\n" + text)
    asked, said = next_of(root)
    expect(asked is None and "blscfg, which is not the first in its menu" in said, said)


def another_systems_entry():
    """As os-prober(1) writes it: its kernel is not the one of this name in /boot."""
    def entry(name, uuid):
        return (f"menuentry '{name}' {{\nset root='hd0,gpt2'\nif [ x$feature_platform_search_hint = xy ]; then\n"
                f"search --no-floppy --fs-uuid --set=root --hint-bios=hd0,gpt2  {uuid}\nelse\nsearch --no-floppy --fs-uuid --set=root {uuid}\nfi\n"
                f"linux ($root)/vmlinuz root=UUID={uuid}\n}}\n")
    ours, theirs = "1111-22", "3333-44"
    for first, default, fstab, good in ((ours, 0, "", True), (ours, 1, "", False), (theirs, 0, f"UUID={ours} / ext4 defaults 0 1\n", False),
                                        (theirs, 1, f"UUID={ours} / ext4 defaults 0 1\n", True),
                                        (theirs, 1, f"UUID=5-5 / ext4 x 0 1\nUUID={ours} /boot ext4 x 0 1\n", True)):
        second = theirs if first == ours else ours
        asked, said = script(f"set default={default}\n" + entry("a", first) + entry("b", second), {"etc/fstab": fstab})
        expect((asked is not None) == good, f"{first} {default} {fstab}: {said}")
        expect(good or f"it is of another disk than /boot ({theirs}, not {ours})" in said, said)
    asked, said = script("menuentry a {\nlinux (hd1,gpt2)/vmlinuz a\n}\n")
    expect(asked is None and "(hd1,gpt2)/vmlinuz is on another disk" in said, said)


def scripts_beside_it():
    """41_custom's file is read; of others nobody knows which they are."""
    custom = ("if [ -f ${config_directory}/custom.cfg ]; then\n  source ${config_directory}/custom.cfg\n"
              "elif [ -z \"${config_directory}\" -a -f $prefix/custom.cfg ]; then\n  source $prefix/custom.cfg\nfi\n")
    more = {"boot/grub2/custom.cfg": "menuentry d {\nlinux /vmlinuz d\n}\n"}
    expect_same("there", script("set default=d\n" + MENU + custom, more)[0], "d")
    asked, said = script("set default=d\n" + MENU + custom)
    expect(asked == "a" and "the first: d, the default of grub.cfg, is not in GRUB's menu" in said, said)
    expect_same("a default", script(MENU + custom, {"boot/grub2/custom.cfg": "set default=c\n"})[0], "c")
    asked, said = script("set default=d\nsource /elsewhere.cfg\n" + MENU)
    expect(asked is None and "has no entry d; it also reads /elsewhere.cfg, which cannot be known" in said, said)
    script("source $prefix/grub.cfg\n" + MENU)


def odd_entries_are_left_out():
    root = tree({**plain_entries("a"), "efi/loader/entries/c.conf/x": b"x", "efi/loader/entries/d.conf": b"#" * (1 << 20) + b"##"})
    everything, said = listed(root)
    expect([e["id"] for e in everything] == ["a.conf"] and "left out: /efi/loader/entries/c.conf: is not a regular file" in said and
           "left out: /efi/loader/entries/d.conf: is larger" in said, said)
    expect_same("asked", next_of(root)[0], ["--command-line=", "/efi/k-a"])


# --- which one: systemd-boot ---

def plain_entries(*ids, more="", **files):
    entries = {f"efi/loader/entries/{i}.conf": f"title {i}\nlinux /k-{i.split('+')[0]}\n{more}" for i in ids}
    return {**entries, **{f"efi/k-{i.split('+')[0]}": KERNEL for i in ids}, "efi/EFI/x": b"x", **files}


def is_next(wanted, files, variables=None):
    root = tree(files, {"LoaderInfo": "systemd-boot 257", **variables} if variables is not None else None)
    asked, said = next_of(root)
    expect(asked is not None and asked[-1] == f"/efi/k-{wanted}", f"{wanted}: {asked} {said}")
    return said


def defaults():
    files = plain_entries("a", "b", "c")
    conf = "efi/loader/loader.conf"
    is_next("c", files)
    is_next("a", {**files, conf: "default a*\n"})
    is_next("b", {**files, conf: "default\tA.conf\ndefault B.CONF\n"})
    is_next("c", {**files, conf: "default none\n"})
    is_next("c", {**files, conf: "default @saved\n"}, {})
    is_next("a", {**files, conf: "default @saved\n"}, {"LoaderEntryLastBooted": "a.conf"})
    is_next("b", {**files, conf: "default @saved\n"}, {"LoaderEntryLastBooted": "a.conf", "LoaderEntryDefault": "b.conf"})
    is_next("a", {**files, conf: "default b*\n"}, {"LoaderEntryLastBooted": "a.conf", "LoaderEntryDefault": "@saved"})
    is_next("c", {**files, conf: "default b*\n"}, {"LoaderEntryLastBooted": "a.conf", "LoaderEntryDefault": "c.conf"})
    is_next("a", {**files, conf: "preferred a*\ndefault b*\n"}, {"LoaderEntryDefault": "c.conf"})
    said = is_next("a", {**files, conf: "default b*\n"}, {"LoaderEntryOneShot": "a.conf", "LoaderEntryDefault": "c.conf"})
    expect("a.conf: LoaderEntryOneShot, for one boot; it stays set: the boot loader starts that entry, too" in said, said)


def boot_counting():
    said = is_next("b", plain_entries("a", "b+1-2", "c+0-3"))
    expect("b.conf: 1 boots are left to try" in said, said)
    is_next("c", plain_entries("c+0-3"))
    is_next("c~d e^=", plain_entries("a", "c~d e^="))
    is_next("c", {**plain_entries("a", "c+0-3"), "efi/loader/loader.conf": "default c.conf\n"})
    is_next("a", {**plain_entries("a", "c+0-3"), "efi/loader/loader.conf": "preferred c.conf\n"})


def what_the_menu_does_not_have():
    files = plain_entries("a", "b")
    is_next("a", {k: v for k, v in files.items() if k != "efi/k-b"})
    is_next("a", {**files, "efi/loader/entries/b.conf": "linux /k-b\narchitecture vax\n", "proc/sys/kernel/arch": "x86_64\n"})
    is_next("b", {**files, "efi/loader/entries/b.conf": "linux /k-b\narchitecture X64\n", "proc/sys/kernel/arch": "x86_64\n"})
    is_next("a", {**plain_entries("a"), "efi/loader/entries/auto-b.conf": "linux /k-a\n"})


def what_is_no_kernel():
    files = plain_entries("a")
    for variables in {"LoaderEntryOneShot": "auto-windows"}, {"LoaderEntryDefault": "auto-*"}:
        root = tree(files, {"LoaderInfo": "systemd-boot 257", "LoaderEntries": ["a.conf", "auto-windows"], **variables})
        asked, said = next_of(root)
        expect(asked is None and "the boot loader would start auto-windows, which is no kernel of Linux; --entry=NAME loads" in said, said)
        done = run(root, "--next-boot", "--explain", "--entry=a.conf")
        expect(done.returncode == 0 and b"(it was asked for)" in done.stdout, done)
    image = uki("ID=x\nNAME=x\n", more=[(".profile", b"ID=two\n")])
    asked, said = next_of(tree({**files, "efi/EFI/Linux/i.efi": image, "efi/loader/loader.conf": "default i.efi@two\n"}))
    expect(asked is None and "one of the profiles of a unified kernel image, which cannot be loaded" in said, said)
    asked, said = next_of(tree({"efi/EFI/x": b"x", "efi/loader/entries/a.conf": "linux /none\n"}))
    expect(asked is None and "no entry of the boot loader can be started" in said, said)


def entries_of_images():
    files = {"efi/EFI/x": b"x", "efi/EFI/Linux/a.efi": uki("ID=x\nNAME=x\n"), "efi/u.efi": b"MZ", "efi/dtb": b"x"}
    for text, wanted in (("uki /u.efi\n", ["/efi/u.efi"]), ("uki /u.efi\noptions a b\n", ["--command-line=a b", "/efi/u.efi"]),
                         ("efi /u.efi\n", ["/efi/u.efi"]), ("linux /u.efi\n", ["--command-line=", "/efi/u.efi"])):
        root = tree({**files, "efi/loader/entries/z.conf": text + "devicetree /dtb\nprofile 2\nsort-key a\n"})
        asked, said = next_of(root)
        expect(asked == wanted and "its devicetree is left out" in said and "profile 2 is left out" in said, f"{asked} {said}")


def names():
    root = tree(plain_entries("a", "b+3"))
    for name, wanted in ("a", "a"), ("a.conf", "a"), ("b.conf", "b"), ("b+3.conf", "b"):
        done = run(root, "--next-boot", "--explain", f"--entry={name}")
        expect(done.returncode == 0 and f"/efi/k-{wanted}".encode() in done.stdout, done)
    done = run(root, "--next-boot", "--explain", "--entry", "c")
    expect(done.returncode == 1 and b"c: there is no such entry; kdump-load --list shows" in done.stderr, done)


def places():
    """The ESP and an extended boot loader partition, mounted wherever they can be."""
    for esp, more in ("efi", "boot"), ("boot/efi", "boot"), ("boot", None), ("efi", None):
        files = {f"{esp}/EFI/systemd/systemd-bootx64.efi": b"x", f"{esp}/loader/entries/a.conf": "linux /k-a\n", f"{esp}/k-a": KERNEL,
                 f"{esp}/loader/loader.conf": "default a*\n"}
        if more:
            files |= {f"{more}/EFI/Linux/b.efi": uki("ID=x\nNAME=x\n"), f"{more}/loader/entries/b.conf": "linux /k-b\n",
                      f"{more}/k-b": KERNEL, f"{more}/loader/loader.conf": "default b*\n"}
        root = tree(files)
        expect_same(esp, next_of(root)[0], ["--command-line=", f"/{esp}/k-a"])
        expect_same(esp, len(listed(root)[0]), 3 if more else 1)


def links():
    """Nobody knows the boot loader: links, else the running version."""
    files = {f"boot/{name}-{v}": KERNEL for v in "123" for name in ("vmlinuz", "initrd.img")} | {"proc/sys/kernel/osrelease": "1\n"}
    for link, version in ({}, "1"), ({"boot/vmlinuz": ("vmlinuz-2",)}, "2"), ({"vmlinuz": ("boot/vmlinuz-3",)}, "3"), \
            ({"boot/vmlinuz": ("vmlinuz-4",)}, "1"), ({"vmlinuz": ("/boot/vmlinuz-2",)}, "2"):
        expect_same(link, next_of(tree({**files, **link}))[0],
                    [f"--initrd=/boot/initrd.img-{version}", "--reuse-cmdline", f"/boot/vmlinuz-{version}"])
    asked = next_of(tree({"usr/lib/modules/5/vmlinuz": KERNEL, "boot/vmlinuz-5": ("../usr/lib/modules/5/vmlinuz",),
                          "boot/initrd-5": KERNEL, "proc/sys/kernel/osrelease": "5\n"}))[0]
    expect_same("SUSE", asked, ["--initrd=/boot/initrd-5", "--reuse-cmdline", "/usr/lib/modules/5/vmlinuz"])
    asked = next_of(tree({"usr/lib/modules/5/vmlinuz": KERNEL, "proc/sys/kernel/osrelease": "5\n"}))[0]
    expect_same("modules", asked, ["--reuse-cmdline", "/usr/lib/modules/5/vmlinuz"])
    asked, said = next_of(tree({"proc/sys/kernel/osrelease": "5\n"}))
    expect(asked is None and "no boot loader that is known, no link and no kernel of version 5 in /boot" in said, said)


# --- what is hostile ---

def nothing_leads_out():
    """Links, "..", and what is no file: neither the configuration nor what it names is ever from elsewhere."""
    secret = f"{Tools.top}/secret"
    write(secret, "secret")
    write(f"{Tools.top}/secret.conf", "title secret\nlinux /k\n")
    up = "../" * 20
    for line in f"linux {up}{secret}", f"linux /link\ninitrd {up}etc/passwd", "linux /absolute", "linux /up", "linux /proc-link", "linux /fifo", \
            "linux /", "linux .", "linux /dir":
        root = tree({"efi/EFI/x": b"x", "efi/k": KERNEL, "efi/loader/entries/a.conf": f"title a\n{line}\n", "etc/passwd": b"x",
                     "efi/absolute": (secret,), "efi/up": (up + secret,), "efi/proc-link": ("/proc/self/exe",), "efi/dir/x": b"x",
                     "efi/link": ("k",)})
        os.mkfifo(f"{root}/efi/fifo")
        done = run(root, "--next-boot", "--explain", "--entry=a")
        expect(done.returncode == 1 and b"secret" not in done.stdout, f"{line}: {done}")
    outside = tree({"efi/EFI/x": b"x", "efi/k": KERNEL, "efi/loader/entries/a.conf": (f"{Tools.top}/secret.conf",),
                    "efi/loader/entries/b.conf": (up + f"{Tools.top}/secret.conf",), "efi/loader/entries/c.conf/x": b"x"})
    done = run(outside, "--list")
    expect(b"secret" not in done.stdout, done)
    # GRUB's paths: what is in its files, but is not where kernels are.
    root = tree({"boot/grub/grub.cfg": "menuentry 'a' {\nlinux /boot/../etc/shadow\n}\n", "etc/shadow": b"x"})
    asked, said = next_of(root)
    expect(asked is None and "is not where kernels are" in said, said)
    # Links inside of the root are followed as the machine there would.
    asked = next_of(tree({"boot/efi/EFI/x": b"x", "efi": ("/boot/efi",), "boot/efi/k": KERNEL, "boot/efi/loader/entries/a.conf": "linux /k\n"}))[0]
    expect_same("a link inside", asked, ["--command-line=", "/boot/efi/k"])


def nothing_is_run_or_written():
    canary = f"{Tools.top}/canary"
    odd = [f"$(touch {canary})", f"`touch {canary}`", f"; touch {canary};", f"' ; touch {canary} #", f"| touch {canary}", f"&& touch {canary}"]
    for word in odd:
        files = plain_entries("a", more=f"options {word}\n")
        for root in (tree({**files, "efi/loader/loader.conf": f"default {word}\n"}, {"LoaderInfo": word, "LoaderEntryOneShot": word}),
                     tree({"boot/grub/grub.cfg": f"{word}\nset default={word}\nmenuentry a {{\nlinux /vmlinuz {word}\n}}\n",
                           "boot/vmlinuz": KERNEL, "boot/grub/grubenv": environment(saved_entry=word, next_entry=word)})):
            before = state_of(root)
            done = run(root, "--next-boot", "--explain")
            run(root, "--list")
            expect(not os.path.exists(canary), f"{word} was run")
            expect(state_of(root) == before, "a file has changed")
            expect(done.returncode == 0, done)


def state_of(root):
    out = {}
    for where, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(where, name)
            s = os.lstat(path)
            out[path] = (s.st_mode, s.st_mtime_ns, s.st_size, open(path, "rb").read() if stat.S_ISREG(s.st_mode) else None)
    return out


def nothing_reaches_a_terminal():
    odd = bytes(c for c in range(1, 256) if c not in b"\n'\"{}") + "\u202e\u2028\u0085".encode()
    roots = [tree({"efi/EFI/x": b"x", "efi/k": KERNEL, "efi/loader/entries/a.conf": b"linux /k\ntitle " + odd + b"\nversion " + odd +
                   b"\noptions " + odd + b"\nsort-key " + odd + b"\nmachine-id " + odd + b"\n"}, {"LoaderInfo": "x\x1b[31m\u202e"}),
             tree({"efi/EFI/x": b"x", "efi/loader/entries/a.conf": b"linux /" + odd + b"\ninitrd /\x1b[0m\n"}),
             tree({"efi/EFI/x": b"x", "efi/EFI/Linux/a.efi": uki("ID=\x1b[31m\nNAME=\x9b\u202e\nVERSION=\x07", "\x1b]0;x\x07")}),
             tree({"boot/grub/grub.cfg": b"menuentry '" + odd + b"' {\nlinux /vmlinuz " + odd + b"\n}\n", "boot/vmlinuz": KERNEL})]
    write(os.path.join(roots[0].encode(), b"efi/loader/entries/\x1b[31m\xff.conf"), "linux /k\n")
    for root in roots:
        for arguments in ["--list"], ["--list", "--json"], ["--next-boot", "--explain"], ["--next-boot", "--explain", "--entry=\x1b[1m"]:
            done = run(root, *arguments)
            text = (done.stdout + done.stderr).decode()
            bad = [c for c in text if c not in "\n\t" and (unicodedata.category(c) in ("Cc", "Zl", "Zp") or c == "\u202e")]
            expect(not bad, f"{arguments}: {ascii(text)}")
            if "--json" in arguments:
                json.loads(done.stdout)


def spoil(rng, path):
    with open(path, "rb") as f:
        data = bytearray(f.read())
    for _ in range(rng.randint(0, 6)):
        at = rng.randrange(len(data) + 1)
        data[at:at + rng.randint(0, 4)] = bytes(rng.choice(b"\0\xff\n '\"{}$>\\@+-=~1aZ\x80") for _ in range(rng.randint(0, 4)))
    write(path, bytes(data[:rng.choice([len(data)] * 3 + [rng.randrange(len(data) + 1)])]))


def what_is_damaged():
    """Bytes at random, sizes beyond sense, too many: an answer or a message, never a signal."""
    image = uki("ID=x\nNAME=x\n", "a")
    for i, data in enumerate([b"", b"M", b"MZ", image[:100], image[:700], image[:0x40] + b"\xff" * 600, os.urandom(3000), b"MZ" + b"\xff" * 4000,
                              image.replace(b".osrel", b".osrex"), image.replace(b".cmdline", b".linux\0\0")]):
        once = [b"", b"\6\0", b"\6\0\0\0\x3d\xd8", b"\6\0\0\0\x3d\xd8a", b"\6\0\0\0\0\xde\0\0a\0"][i % 5]
        root = tree({**plain_entries("a"), "efi/EFI/Linux/x.efi": data, "efi/loader/loader.conf": data, "boot/grub/grub.cfg": data,
                     "boot/grub/grubenv": data, "efi/loader/entries/r.conf": data,
                     f"sys/firmware/efi/efivars/LoaderEntryOneShot-{VENDOR}": once})
        done = run(root, "--list")
        expect(done.returncode in (0, 1), f"{i}: {done}")
    sane = tree({**plain_entries("a"), "efi/EFI/Linux/x.efi": image, "efi/loader/loader.conf": "default a*\n"},
                {"LoaderInfo": "systemd-boot 257", "LoaderEntryDefault": "x.efi"})
    grub = fedora(saved_entry="1")
    menu_of_debian(debian := tree({"boot/vmlinuz-1": KERNEL, "boot/grub/grubenv": environment(saved_entry="1>0")}), "saved")
    rng = random.Random(SEED)
    for i in range(30):
        root = f"{Tools.top}/spoilt"
        shutil.copytree((sane, grub, debian)[i % 3], root, symlinks=True)
        for where, _, files in os.walk(root):
            for name in files:
                spoil(rng, f"{where}/{name}")
        for arguments in ["--list"], ["--next-boot", "--explain"]:
            done = run(root, *arguments)
            expect(done.returncode in (0, 1) and b"anitizer" not in done.stderr, f"{i}: {done}")
        shutil.rmtree(root)
    deep = "menuentry a {\n" * 40
    done = run(tree({"boot/grub/grub.cfg": deep}), "--list")
    expect(done.returncode == 1 and b"has braces in braces" in done.stderr, done)
    done = run(tree({"boot/grub/grub.cfg": b"#" * (1 << 20) + b"##"}), "--list")
    expect(done.returncode == 1 and b"is larger than any such file is" in done.stderr, done)
    done = run(tree({**plain_entries("a"), **{f"efi/loader/entries/{i}.conf": "linux /k-a\n" for i in range(4097)}}), "--list")
    expect(done.returncode == 1 and b"has more than 4096 entries" in done.stderr, done)


def options():
    root = tree(plain_entries("a"))
    for arguments, status, text in ((["--list"], 0, ""), (["--next-boot"], 1, "add --explain"), (["--entry=a"], 1, "--entry is for --next-boot"),
                                    (["--list", "--entry=a"], 1, "--entry is for --next-boot"),
                                    (["--json"], 1, "--json is for --list"), (["--entry"], 1, "--entry needs a name")):
        done = run(root, *arguments)
        expect(done.returncode == status and text in done.stderr.decode(), f"{arguments}: {done}")
    done = run(root, "--list")
    expect(b"* a.conf" in done.stdout and b"next            a.conf (the first one)" in done.stdout, done)


TESTS = [versions, random_versions, random_trees, debian_with_systemd_boot, debian_with_grub, fedora_with_grub, opensuse_with_grub, opensuse_variables,
         conditions_of_a_script, kernels_under_a_condition, variables_of_a_script, menu_beside_entries, another_systems_entry, scripts_beside_it,
         odd_entries_are_left_out, defaults, boot_counting,
         what_the_menu_does_not_have, what_is_no_kernel, entries_of_images, names, places, links, nothing_leads_out, nothing_is_run_or_written,
         nothing_reaches_a_terminal, what_is_damaged, options]


def main():
    apart.refuse_the_machines_own_mounts()
    arguments = sys.argv[1:]
    if arguments[0] == "--trees":
        Tools.trees = int(arguments[1])
        arguments = arguments[2:]
    Tools.load, Tools.next_boot, Tools.kexec, systemd, Tools.grub, Tools.kernel = map(os.path.abspath, arguments[:6])
    Tools.ukify = arguments[6:]
    tap = Tap("next boot", len(TESTS))
    with tempfile.TemporaryDirectory() as top:
        Tools.top = top
        Tools.bootctl = Bootctl(systemd, top)
        for test in TESTS:
            note = "" if Tools.bootctl.knows_variables else "bootctl takes this for a container: without variables of UEFI"
            tap.run(test.__name__.replace("_", " ") + (f" ({note})" if note and test is random_trees else ""), test)
        subprocess.run(["umount", "-R", *[f"{top}/cell/{n}" for n in ("usr", "proc", "sys")], f"{top}/cell{top}"], check=False)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
