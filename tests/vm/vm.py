# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines with Debian's generic kernel (6.1) under QEMU without KVM, for what the kernel of the host cannot show.

A VM has the host's own root, read-only under a tmpfs, so everything that is installed and built here is there; it starts in a few seconds.
Commands go in and out as files of a shared directory, /job.  Networks are bridges in a network namespace of the lab's own, to which
further namespaces can be wired as cheap hosts; nothing leaves it.  Machines alone are joined by cables, which are sockets of QEMU.  The files of the host must not change while a VM runs.
"""
import contextlib
import fcntl
import os
import re
import shutil
import signal
import struct
import subprocess
import time
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("PATRONUS_VM_CACHE", "/var/tmp/patronus-vm"))
MODULES = ("virtio_pci virtio_net virtio_blk virtio_console virtio_rng 9pnet_virtio 9p overlay af_packet ext4").split()
UNPACK = {b"\xfd7zX": ["xz", "-dc", "--single-stream"], b"(\xb5/\xfd": ["zstd", "-dcq"], b"\x1f\x8b": ["gzip", "-dc"]}


class Died(Exception):
    """The VM ended, or did not answer in time."""


def sh(*argv, **kw):
    return subprocess.run([str(a) for a in argv], check=True, stdin=kw.pop("stdin", subprocess.DEVNULL), stdout=kw.pop("stdout", subprocess.PIPE), **kw).stdout


# --- the kernel ---

def _elf(bz):
    """The kernel proper out of a bzImage (Documentation/x86/boot.rst): QEMU starts it directly, which saves seconds of unpacking."""
    setup = bz[0x1f1] or 4
    offset, length = struct.unpack_from("<II", bz, 0x248)
    start = (setup + 1) * 512 + offset
    payload = bz[start:start + length - 4]
    unpack = next(argv for magic, argv in UNPACK.items() if payload.startswith(magic))
    elf = subprocess.run(unpack, input=payload, stdout=subprocess.PIPE).stdout
    assert elf[:4] == b"\x7fELF", "not an ELF kernel"
    return elf


def _fetch_kernel(where):
    depends = sh("apt-cache", "depends", "linux-image-amd64", text=True)
    package = re.search(r"Depends: (linux-image-\S+)", depends)[1]
    sh("apt-get", "download", package, cwd=where, stderr=subprocess.DEVNULL)
    deb = next(where.glob("*.deb"))
    tree = where / "tree"
    sh("dpkg-deb", "-x", deb, tree)
    deb.unlink()
    version = package.removeprefix("linux-image-")
    (where / "vmlinux").write_bytes(_elf((tree / "boot" / f"vmlinuz-{version}").read_bytes()))
    sh("depmod", "-b", tree, version)
    shutil.rmtree(tree / "boot")
    (where / "version").write_text(version)


def kernel():
    """(directory with vmlinux and tree/lib/modules, version); downloaded once per machine."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        where = CACHE / "kernel"
        if not (where / "version").exists():
            shutil.rmtree(where, ignore_errors=True)
            where.mkdir()
            _fetch_kernel(where)
        version = (where / "version").read_text()
        _make_initrd(where, version)
    return where, version


def _make_initrd(where, version):
    init = (HERE / "init").read_bytes()
    stamp = init + " ".join(MODULES).encode()
    if (where / "initrd").exists() and (where / "initrd.of").read_bytes() == stamp:
        return
    tree = where / "ird"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "modules").mkdir(parents=True)
    (tree / "bin").mkdir()
    shutil.copy(shutil.which("busybox"), tree / "bin" / "busybox")
    (tree / "init").write_bytes(init)
    (tree / "init").chmod(0o755)
    order = []
    for module in MODULES:
        for line in sh("modprobe", "-d", where / "tree", "-S", version, "--show-depends", module, text=True).splitlines():
            file = Path(line.split()[1]) if line.startswith("insmod") else None
            if file is not None and file.name not in order:
                order.append(file.name)
                shutil.copy(file, tree / "modules")
    (tree / "modules" / "order").write_text("\n".join(order) + "\n")
    names = "\n".join(str(p.relative_to(tree)) for p in [tree, *sorted(tree.rglob("*"))]) + "\n"
    with (where / "initrd.new").open("wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=names.encode(), cwd=tree, stdout=out, check=True)
    (where / "initrd.new").rename(where / "initrd")
    (where / "initrd.of").write_bytes(stamp)


# --- machines ---

class Vm:
    """One machine.  nics: names of tap devices; args: further words for QEMU; netns: where QEMU runs; words: for the kernel;
    cables: to other machines, after the nics."""

    def __init__(self, job, name="vm", memory=512, nics=(), args=(), netns=None, clock=None, words="", cables=()):
        self.job, self.name, self.n = Path(job), name, 0
        self.job.mkdir(parents=True, exist_ok=True)
        where, _ = kernel()
        share = lambda tag, path, ro: ["-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap" + (",readonly=on" if ro else ""),  # noqa: E731
                                       "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
        argv = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-M", "q35", "-m", str(memory), "-nodefaults",
                "-no-user-config", "-display", "none", "-no-reboot", "-serial", f"file:{self.job}/console",
                "-kernel", f"{where}/vmlinux", "-initrd", f"{where}/initrd",
                "-append", f"console=ttyS0 quiet panic=-1 mitigations=off no_timer_check random.trust_cpu=on vm.name={name} {words}",
                "-device", "virtio-rng-pci", *share("root", "/", True), *share("modules", f"{where}/tree/lib/modules", True),
                *share("job", self.job, False), *(["-rtc", f"base={clock},clock=vm"] if clock else [])]
        for i, (tap, mac) in enumerate(nics):
            argv += ["-netdev", f"tap,id=n{i},ifname={tap},script=no,downscript=no", "-device", f"virtio-net-pci,netdev=n{i},mac={mac}"]
        for i, cable in enumerate(cables):
            here, there = cable.end()
            mac = zlib.crc32(here.encode()).to_bytes(4, "big").hex(":")
            argv += ["-netdev", f"dgram,id=c{i},local.type=unix,local.path={here},remote.type=unix,remote.path={there}",
                     "-device", f"virtio-net-pci,netdev=c{i},mac=02:00:{mac}"]
        argv += [str(a) for a in args]
        if netns:
            argv = ["ip", "netns", "exec", netns, *argv]
        self.errors = (self.job / "qemu.err").open("w")
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)

    def tail(self):
        text = "".join((self.job / f).read_text(errors="replace")[-3000:] for f in ("console", "qemu.err") if (self.job / f).exists())
        return f"VM {self.name}:\n{text}"

    def _wait(self, path, timeout):
        end = time.monotonic() + timeout
        while not path.exists():
            if self.process.poll() is not None:
                raise Died(f"ended with {self.process.returncode}\n{self.tail()}")
            if time.monotonic() > end:
                raise Died(f"no {path.name} within {timeout} s\n{self.tail()}")
            time.sleep(0.03)

    def wait_up(self, timeout=120):
        self._wait(self.job / "up", timeout)
        return self

    def begin(self, command):
        """Start a command and do not wait."""
        self.n += 1
        (self.job / "in.tmp").write_text(command + "\n")
        (self.job / "in.tmp").rename(self.job / f"in.{self.n}")

    def run(self, command, timeout=120, check=True):
        """What the command printed; with check False (exit status, text)."""
        self.begin(command)
        self._wait(self.job / f"rc.{self.n}", timeout)
        rc = int((self.job / f"rc.{self.n}").read_text())
        out = (self.job / f"out.{self.n}").read_text(errors="replace")
        if not check:
            return rc, out
        assert rc == 0, f"exit {rc}: {command}\n{out}\n{self.tail()}"
        return out

    def power_cut(self):
        self.process.kill()
        self.process.wait()
        self.errors.close()

    def stop(self):
        if self.process.poll() is None:
            (self.job / "quit").touch()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        self.power_cut()


class Cable:
    """Joins two machines: a frame is a datagram from one socket to the other, and nobody else hears it."""

    def __init__(self, path):
        self.ends = [(f"{path}.a", f"{path}.b"), (f"{path}.b", f"{path}.a")]

    def end(self):
        return self.ends.pop()


class Lab:
    """Machines and namespaces on bridges inside one private namespace."""

    def __init__(self, where):
        self.where, self.vms, self.spaces, self.taps = Path(where), [], [], 0
        self.net = f"vl{os.getpid()}"
        sh("ip", "netns", "add", self.net)
        sh("ip", "-n", self.net, "link", "set", "lo", "up")

    def lan(self, *names):
        for name in names:
            sh("ip", "-n", self.net, "link", "add", f"br-{name}", "type", "bridge", "mcast_snooping", "0")
            sh("ip", "-n", self.net, "link", "set", f"br-{name}", "up")

    def host(self, name, lan, address, via=None):
        """A cheap host: a namespace of the host's kernel.  The function that is returned runs a command in it."""
        space = f"{self.net}{name}"
        sh("ip", "netns", "add", space)
        self.spaces.append(space)
        sh("ip", "netns", "exec", space, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")
        sh("ip", "-n", space, "link", "add", "eth0", "type", "veth", "peer", "name", f"h-{name}", "netns", self.net)
        sh("ip", "-n", self.net, "link", "set", f"h-{name}", "master", f"br-{lan}", "up")
        sh("ip", "-n", space, "link", "set", "eth0", "up")
        sh("ip", "-n", space, "addr", "add", address, "dev", "eth0")
        if via:
            sh("ip", "-n", space, "route", "add", "default", "via", via)
        return lambda *argv, **kw: subprocess.run(["ip", "netns", "exec", space, *argv], stdout=subprocess.PIPE, text=True, **kw)

    def vm(self, name, lans, **kw):
        nics = []
        for lan in lans:
            self.taps += 1
            sh("ip", "-n", self.net, "tuntap", "add", f"t{self.taps}", "mode", "tap")
            sh("ip", "-n", self.net, "link", "set", f"t{self.taps}", "master", f"br-{lan}", "up")
            nics.append((f"t{self.taps}", f"02:00:00:00:00:{self.taps:02x}"))
        vm = Vm(self.where / name, name, nics=nics, netns=self.net, **kw)
        self.vms.append(vm)
        return vm

    def close(self):
        for vm in self.vms:
            vm.stop()
        for space in [*self.spaces, self.net]:
            for pid in sh("ip", "netns", "pids", space, text=True).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            sh("ip", "netns", "del", space)
