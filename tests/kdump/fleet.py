# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The kexec-hotplug developers
"""Metrics of the crash kernel, and alerts of them: by Prometheus and node_exporter themselves, on loopback.

usage: unshare --mount python3 fleet.py ROOT KEXEC PROMETHEUS

ROOT: where all is installed; PROMETHEUS: a directory with Debian's unpacked packages. The machine is a recorded one; what
its kernel says is changed here as the kernel would change it (kexec_crash_loaded, crash_hotplug, the log). All else is
real. Prints TAP.
"""
import glob
import importlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.abspath(f"{HERE}/../..")
sys.path.insert(0, HERE)
sys.path.insert(0, f"{HERE}/../lib")

import apart  # noqa: E402
from tap import Tap, expect, expect_same  # noqa: E402

UNITS = "usr/lib/systemd/system"
DIRECTORY = "/var/lib/prometheus/node-exporter"
LOADING = "<12>[   99.000000] kexec: loading a crash kernel\n<12>[   99.100000] kexec: a crash kernel is loaded\n"
MISSED = "<4>[  120.000000] crash hp: kexec_trylock() failed, kdump image may be inaccurate\n"


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Machine:
    """A recorded x86_64 machine whose kernel keeps the crash kernel current, with the rules that it needs."""

    def __init__(self, where, recording="q35-bios-added"):
        self.root = f"{where}/{recording}"
        os.makedirs(self.root)
        subprocess.run(["tar", "-xf", f"{REPOSITORY}/tests/machines/{recording}.tar.gz", "-C", self.root], check=True)
        self.write("usr/lib/udev/rules.d/98-kexec.rules", read(f"{REPOSITORY}/kdump/98-kexec.rules"))
        os.makedirs(f"{self.root}/run/kdump/reload")
        self.hotplug("1")
        self.loaded("1")
        self.write("kexec-log", LOADING)

    def write(self, path, text):
        write(f"{self.root}/{path}", text)

    def hotplug(self, value):
        for subsystem in "cpu", "memory":
            self.write(f"sys/devices/system/{subsystem}/crash_hotplug", value + "\n")

    def loaded(self, value):
        self.write("sys/kernel/kexec_crash_loaded", value + "\n")

    def says(self, line):
        with open(f"{self.root}/kexec-log", "a", encoding="utf-8") as f:
            f.write(line)


class Fleet:
    root = kexec = programs = top = machine = None


def exposition(machine, *arguments):
    done = subprocess.run([Fleet.kexec, "--sysroot", machine.root, "-S", "--verbose", "--openmetrics", *arguments],
                          capture_output=True, text=True)
    expect(not done.stderr and done.stdout.endswith("\n# EOF\n"), done)
    return done.returncode, done.stdout


def samples(text):
    """By name and labels, by an OpenMetrics parser that is strict: Prometheus' own client's, for any Python."""
    if Fleet.programs not in sys.path[0]:
        sys.path.insert(0, f"{Fleet.programs}/usr/lib/python3/dist-packages")
    text_string_to_metric_families = importlib.import_module("prometheus_client.openmetrics.parser").text_string_to_metric_families
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in text_string_to_metric_families(text)
            for s in family.samples}


def promtool(*arguments, **kw):
    return subprocess.run([f"{Fleet.programs}/usr/bin/promtool", *arguments], capture_output=True, text=True, **kw)


# --- what is said ---

def every_state_is_good_metrics():
    """Both parsers take it, promtool finds no fault in its style, and it is what --json says."""
    seen = set()
    for recording in sorted(glob.glob(f"{REPOSITORY}/tests/machines/*.tar.gz")):
        machine = Machine(tempfile.mkdtemp(dir=Fleet.top), os.path.basename(recording)[:-len(".tar.gz")])
        for loaded, kept, log in ("0", "0", LOADING), ("1", "1", LOADING), ("1", "1", LOADING + MISSED), ("1", "0", LOADING + MISSED):
            machine.loaded(loaded)
            machine.hotplug(kept)
            machine.write("kexec-log", log)
            status, text = exposition(machine)
            done = promtool("check", "metrics", input=text)
            expect(done.returncode == 0 and not done.stdout + done.stderr, f"{done}\n{text}")
            said = samples(text)
            wanted = json.loads(subprocess.run([Fleet.kexec, "--sysroot", machine.root, "-S", "--verbose", "--json"],
                                               capture_output=True, text=True).stdout)
            verdicts = {dict(labels)["verdict"]: v for (name, labels), v in said.items() if name == "kexec_verdict"}
            expect(sum(verdicts.values()) == 1 and verdicts[wanted["verdict"]] == 1 and len(verdicts) == 11, verdicts)
            numbers = {"readiness_status": status, "warnings": len(wanted["warnings"]), "crash_loaded": wanted["loaded"],
                       "crash_reserved_bytes": wanted["bytes_reserved"], "crash_current": wanted["current"],
                       "crash_missed_updates": wanted["missed_updates"], "udev_rules": len(wanted["udev"])}
            for name, value in numbers.items():
                expect_same(f"{machine.root} {name}", said.get((f"kexec_{name}", ())), None if value is None else float(value))
            texts = [dict(labels)["text"] for name, labels in said if name == "kexec_warning_info"]
            expect_same("warnings", sorted(texts), sorted(set(wanted["warnings"])))
            seen.add((status, wanted["verdict"]))
    expect({s for s, _ in seen} >= {0, 1, 2} and ("update-missed" in [v for _, v in seen]), seen)


def what_is_said_is_of_now():
    """Files that say unknown things have no sample; strange ones no line of their own."""
    machine = Machine(tempfile.mkdtemp(dir=Fleet.top))
    machine.write("run/kdump/loads", "load service 1 41 1700000000 41 0\nload hotplug 3 1203 1700000100 400 4\nload hand 1 9 1700000050 9 0\n"
                  "event kept 5 1010 1700000050 202 0\nevent kept\nload x 1 2 3\nload UPPER 1 1 1 1 1\nload big 99999999999999999999 1 1 1 1\n"
                  "load a\"} 1 1 1 1 1\nother a 1 1 1 1 1\n\x1b[31m 1\n")
    said = samples(exposition(machine)[1])
    got = {name + str(dict(labels)): v for (name, labels), v in said.items() if "_load_" in name or "_event_" in name}
    age = got.pop("kexec_crash_load_age_seconds{}")
    expect(abs(time.time() - age - 1700000100) < 100, age)
    expect_same("notes", got, {
        "kexec_crash_load_seconds_count{'reason': 'service'}": 1, "kexec_crash_load_seconds_sum{'reason': 'service'}": .41,
        "kexec_crash_load_seconds_count{'reason': 'hotplug'}": 3, "kexec_crash_load_seconds_sum{'reason': 'hotplug'}": 12.03,
        "kexec_crash_load_seconds_count{'reason': 'hand'}": 1, "kexec_crash_load_seconds_sum{'reason': 'hand'}": .09,
        "kexec_crash_load_last_duration_seconds{'reason': 'service'}": .41,
        "kexec_crash_load_last_duration_seconds{'reason': 'hotplug'}": 4, "kexec_crash_load_last_duration_seconds{'reason': 'hand'}": .09,
        "kexec_hotplug_event_seconds_count{'outcome': 'kept'}": 5, "kexec_hotplug_event_seconds_sum{'outcome': 'kept'}": 10.1,
        "kexec_hotplug_event_last_duration_seconds{'outcome': 'kept'}": 2.02,
        "kexec_crash_load_timestamp_seconds{}": 1700000100})
    # Of one kind the last line counts; what failed is told apart, and the last success stays.
    machine.write("run/kdump/loads", "load hand 1 9 1700000200 9 0\nload hand 2 20 1700000300 11 4\n"
                  "failure hand 3 5 1700000400 2 1\nfailure service 1 5 1700000350 5 255\nfailure hand x\n")
    said = samples(exposition(machine)[1])
    got = {name + str(dict(labels)): v for (name, labels), v in said.items() if "_load_" in name and "age" not in name}
    expect_same("failures", got, {
        "kexec_crash_load_seconds_count{'reason': 'hand'}": 2, "kexec_crash_load_seconds_sum{'reason': 'hand'}": .2,
        "kexec_crash_load_last_duration_seconds{'reason': 'hand'}": .11, "kexec_crash_load_timestamp_seconds{}": 1700000300,
        "kexec_crash_load_failures{'reason': 'hand'}": 3, "kexec_crash_load_failures{'reason': 'service'}": 1,
        "kexec_crash_load_last_failure_timestamp_seconds{'reason': 'hand'}": 1700000400,
        "kexec_crash_load_last_failure_timestamp_seconds{'reason': 'service'}": 1700000350})
    # Statistics that cannot be read are none: the verdict is the same.
    wanted = exposition(machine)[0]
    os.unlink(f"{machine.root}/run/kdump/loads")
    for make in os.mkdir, lambda path: os.symlink("/proc/self/mem", path):
        make(f"{machine.root}/run/kdump/loads")
        status, text = exposition(machine)
        expect(status == wanted and "_load_" not in text and f"kexec_readiness_status {status}\n" in text, text)
        if os.path.islink(f"{machine.root}/run/kdump/loads"):
            os.unlink(f"{machine.root}/run/kdump/loads")
        else:
            os.rmdir(f"{machine.root}/run/kdump/loads")
    machine.says('<4>[  130.0] crash hp: \x1b[31m"quoted" \\ \u202e\n')
    text = exposition(machine)[1]
    expect("\x1b" not in text and "\u202e" not in text, ascii(text))
    warnings = [dict(labels)["text"] for name, labels in samples(text) if name == "kexec_warning_info"]
    expect('\\x1b[31m"quoted" \\ \\xe2\\x80\\xae' in warnings[0], warnings)
    os.unlink(f"{machine.root}/sys/kernel/kexec_crash_loaded")
    text = exposition(machine)[1]
    expect("kexec_crash_loaded" not in text and "kexec_readiness_status 3\n" in text, text)
    for arguments in ["--openmetrics"], ["-S", "--openmetrics"], ["-S", "--verbose", "--json", "--openmetrics"]:
        done = subprocess.run([Fleet.kexec, *arguments], capture_output=True, text=True)
        expect(done.returncode == 1 and "--openmetrics is for -S --verbose, and not with --json" in done.stderr, done)


def alerts_have_unit_tests():
    where = tempfile.mkdtemp(dir=Fleet.top)
    shutil.copy(f"{HERE}/alerts-test.yml", where)
    rules = read(f"{Fleet.root}/usr/share/kexec-hotplug/kexec-alerts.yml")
    write(f"{where}/kexec-alerts.yml", rules)
    done = promtool("check", "rules", f"{where}/kexec-alerts.yml")
    expect(done.returncode == 0 and f"{rules.count('- alert:')} rules found" in done.stdout, done)
    done = promtool("test", "rules", f"{where}/alerts-test.yml")
    expect(done.returncode == 0, done)
    # Each alert is tested: one that is another fails.
    tested = re.findall(r"alertname: (\w+)\n *exp_alerts", read(f"{where}/alerts-test.yml"))
    expect_same("tested", sorted(tested), sorted(re.findall(r"- alert: (\w+)", rules)))
    for wrong in rules.replace("== 2", "== 0"), rules.replace("== 0", "== 2"), rules.replace("> 600", "> 6000"), \
            rules.replace("for: 5m", "for: 9m"), rules.replace("== 3", "== 1"), rules.replace("printf", "print"):
        expect(wrong != rules, "nothing was changed")
        write(f"{where}/kexec-alerts.yml", wrong)
        expect(promtool("test", "rules", f"{where}/alerts-test.yml").returncode, f"not noticed: {wrong}")


# --- how it is written ---

def kdump_load(*arguments, kexec=None):
    return subprocess.run([f"{Fleet.root}/usr/sbin/kdump-load", *arguments], capture_output=True, text=True,
                          env=dict(os.environ, KEXEC=kexec or f"{Fleet.top}/bin/kexec", PATH=f"{Fleet.top}/bin:{os.environ['PATH']}",
                                   INVOCATION_ID=""))


def a_file_is_whole_or_the_one_before():
    where = tempfile.mkdtemp(dir=Fleet.top)
    file, seen, stop = f"{where}/kexec.prom", set(), threading.Event()
    done = kdump_load(f"--metrics={file}")
    expect(done.returncode == 0 and os.stat(file).st_mode & 0o777 == 0o644, done)

    def watch():
        while not stop.is_set():
            text = read(file)
            seen.add(text.endswith("# EOF\n") and text.count("# EOF") == 1)
    thread = threading.Thread(target=watch)
    thread.start()
    for _ in range(10):
        expect(kdump_load("--metrics", file).returncode == 0, "it was not written")
    stop.set()
    thread.join()
    expect_same("seen", seen, {True})
    before = read(file)
    for script in "exit 3", "echo kexec_readiness_status 0; kill -9 $$", "exec /none":
        write(f"{where}/bad", f"#!/bin/sh\n{script}\n", 0o755)
        done = kdump_load(f"--metrics={file}", kexec=f"{where}/bad")
        expect(done.returncode == 1 and f"{file}: was not written" in done.stderr and read(file) == before, f"{script}: {done}")
    expect_same("files", sorted(os.listdir(where)), ["bad", "kexec.prom"])
    # Nothing that is there is written to or gone into, whosoever put it there; and where everybody can, nobody looks.
    victim = f"{where}/victim"
    write(victim, "mine\n")
    for plant in lambda: os.symlink(victim, file), lambda: os.mkfifo(file):
        os.unlink(file)
        plant()
        done = kdump_load(f"--metrics={file}")
        expect(done.returncode == 0 and read(victim) == "mine\n" and os.path.isfile(file) and not os.path.islink(file), done)
    os.unlink(file)
    os.mkdir(file)
    for path in file, file + "/":
        done = kdump_load(f"--metrics={path}")
        expect(done.returncode == 1 and "was not written" in done.stderr and not os.listdir(file), done)
    os.rmdir(file)
    os.chmod(where, 0o1777)
    done = kdump_load(f"--metrics={file}")
    expect(done.returncode == 1 and f"{where}/: everybody can write there" in done.stderr, done)
    os.chmod(where, 0o700)
    expect_same("files", sorted(os.listdir(where)), ["bad", "victim"])
    done = kdump_load("--metrics=/none/kexec.prom")
    expect(done.returncode == 1 and "/none/: no such directory; is it where node_exporter" in done.stderr, done)
    expect("--metrics needs a file" in kdump_load("--metrics").stderr, "--metrics")


# --- all of it ---

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, test, seconds=60):
    stop = time.monotonic() + seconds
    last = None
    while time.monotonic() < stop:
        try:
            last = test()
            if last:
                return last
        except OSError as error:
            last = error
        time.sleep(.2)
    raise OSError(f"after {seconds} s not {what}: {last}")


def three_lines():
    """Of the README, as commands: (packages, the command on each machine, the command on the server)."""
    lines = re.search(r"## A fleet\n.*?\n\n((?:    [^\n]*\n){3})\n", read(f"{REPOSITORY}/README.md"), re.S)[1]
    lines = [line.split("#")[0].split() for line in lines.splitlines()]
    expect(lines[0][:2] == ["apt", "install"] and lines[1][:3] == ["systemctl", "enable", "--now"] and lines[2][0] == "cp", lines)
    return lines


def follow_the_readme(where):
    """What is installed is what the packages hold; the server's file goes where its rule_files can name it."""
    packages, enable, copy = three_lines()
    expect_same("packages", packages[2:], ["kexec-hotplug-kdump", "prometheus-node-exporter"])
    done = subprocess.run(["systemctl", f"--root={Fleet.root}", "enable", *enable[3:]], capture_output=True, text=True)
    expect(done.returncode == 0 and os.path.islink(f"{Fleet.root}/etc/systemd/system/timers.target.wants/{enable[3]}"), done)
    os.makedirs(f"{where}/etc/prometheus")
    subprocess.run(["cp", Fleet.root + copy[1], where + copy[2]], check=True)
    return f"{where}{copy[2]}{os.path.basename(copy[1])}"


def what_the_unit_runs():
    """Its command; what its variable says is where Debian's node_exporter looks by default."""
    unit = read(f"{Fleet.root}/{UNITS}/kdump-metrics.service")
    command = re.search(r"^ExecStart=(.*)$", unit, re.M)[1]
    file = re.search(r"^Environment=KDUMP_METRICS=(.*)$", unit, re.M)[1]
    expect_same("command", command, "/usr/sbin/kdump-load --metrics=${KDUMP_METRICS}")
    expect(os.path.dirname(file) == DIRECTORY and f"ReadWritePaths=-{DIRECTORY}\n" in unit, unit)
    said = subprocess.run([f"{Fleet.programs}/usr/bin/prometheus-node-exporter", "--help"], capture_output=True, text=True)
    expect(DIRECTORY in said.stdout + said.stderr, "node_exporter looks elsewhere")
    return file


def start(where):
    """Prometheus and node_exporter; the pauses of the rules are shorter, their unit tests have the real ones."""
    exporter, server = free_port(), free_port()
    rules = follow_the_readme(where)
    file = what_the_unit_runs()
    text = read(rules)
    write(rules, re.sub(r"for: \d+m", "for: 1s", text))
    write(f"{where}/prometheus.yml", "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
          f"rule_files: [{rules}]\nscrape_configs:\n  - job_name: node\n    static_configs: [{{targets: ['127.0.0.1:{exporter}']}}]\n")
    with open(f"{where}/log", "w", encoding="utf-8") as log:
        running = [subprocess.Popen([f"{Fleet.programs}/usr/bin/prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                                     f"--web.listen-address=127.0.0.1:{exporter}"], stdout=log, stderr=log),
                   subprocess.Popen([f"{Fleet.programs}/usr/bin/prometheus", f"--config.file={where}/prometheus.yml",
                                     f"--storage.tsdb.path={where}/data", f"--web.listen-address=127.0.0.1:{server}"], stdout=log, stderr=log)]
    return running, f"http://127.0.0.1:{server}/api/v1", file


def ask(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]


def alerts_fire_and_clear():
    machine = Fleet.machine
    where = tempfile.mkdtemp(dir=Fleet.top)
    os.makedirs(DIRECTORY, exist_ok=True)
    running, api, file = start(where)
    stop = threading.Event()

    def timer():
        """In place of systemd's."""
        while not stop.wait(.5):
            kdump_load(f"--metrics={file}")
    thread = threading.Thread(target=timer)
    thread.start()

    def firing():
        return {a["labels"]["alertname"] for a in ask(api + "/alerts")["alerts"] if a["state"] == "firing"}

    def value(query):
        result = ask(f"{api}/query?query={query}")["result"]
        return float(result[0]["value"][1]) if result else None

    try:
        until("scraped", lambda: value("kexec_readiness_status") == 0)
        expect_same("at first", firing(), set())
        # Unloaded: by kdump-load, and the kernel is played.
        done = kdump_load("--unload")
        expect(done.returncode == 0, done)
        until("unloaded", lambda: firing() == {"CrashKernelNotArmed"})
        done = kdump_load()
        expect(done.returncode == 0, done)
        until("loaded again", lambda: not firing())
        # A CPU came while the lock was taken: the kernel's log says so, udev's rule leaves an event.
        machine.says(MISSED)
        until("stale", lambda: "CrashKernelStale" in firing())
        machine.write("run/kdump/reload/event", "")
        done = kdump_load("--reload")
        expect(done.returncode == 0, done)
        until("reloaded", lambda: not firing())
        until("noted", lambda: value('kexec_crash_load_seconds_count{reason="hotplug"}') == 1 and
              value('kexec_crash_load_seconds_count{reason="hand"}') == 1)
        # What is noted later is scraped later.
        until("how long it took", lambda: 2 <= (value(
            'kexec_hotplug_event_last_duration_seconds{outcome="reloaded"}') or 0) < 60)
        until("its age", lambda: (value("kexec_crash_load_age_seconds") or 60) < 60)
    finally:
        stop.set()
        thread.join()
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def play_the_kernel():
    """What kexec asks the kernel for when it loads and unloads becomes what the recording says."""
    root, machine = f"{Fleet.top}/bin", Fleet.machine.root
    write(f"{root}/kexec", f"""#!/bin/sh
case " $* " in
*" -S "*) exec {Fleet.kexec} --sysroot {machine} "$@" ;;
*" -u "*) echo 0 >{machine}/sys/kernel/kexec_crash_loaded ;;
*) printf '%s' '{LOADING}' >>{machine}/kexec-log; echo 1 >{machine}/sys/kernel/kexec_crash_loaded ;;
esac
""", 0o755)
    write(f"{root}/udevadm", "#!/bin/sh\n", 0o755)
    write(f"{root}/systemctl", f"""#!/bin/sh
case $* in
*is-active*) exit 3 ;;
*) INVOCATION_ID=x exec {Fleet.root}/usr/sbin/kdump-load ;;
esac
""", 0o755)
    for path in "/run", "/boot", "/var/lib", "/etc/default":
        subprocess.run(["mount", "-t", "tmpfs", "none", path], check=True)
    os.makedirs("/run/kdump")
    subprocess.run(["mount", "--bind", f"{machine}/run/kdump", "/run/kdump"], check=True)
    write(f"/boot/vmlinuz-{os.uname().release}", "x")


TESTS = [every_state_is_good_metrics, what_is_said_is_of_now, alerts_have_unit_tests, a_file_is_whole_or_the_one_before, alerts_fire_and_clear]


def main():
    apart.refuse_the_machines_own_mounts()
    Fleet.root, Fleet.kexec, Fleet.programs = map(os.path.abspath, sys.argv[1:4])
    tap = Tap("fleet", len(TESTS))
    with tempfile.TemporaryDirectory() as Fleet.top:
        Fleet.machine = Machine(Fleet.top)
        play_the_kernel()
        for test in TESTS:
            tap.run(test.__name__.replace("_", " "), test)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
