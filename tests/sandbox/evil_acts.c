/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "evil.h"

#define ACT(n)	static long n(void)

static char	page[65536] __attribute__((aligned(65536)));

/* --- H1: files.  Raw calls: the C library must not choose another one. */
#define OPEN(path, flags)	syscall(SYS_openat, AT_FDCWD, path, flags, 0600)
ACT(open_shadow) { return OPEN("/etc/shadow", O_RDONLY); }
ACT(open_passwd) { return OPEN("/etc/passwd", O_RDONLY); }
ACT(open_parent_memory) { return OPEN("/proc/1/mem", O_RDWR); }
ACT(open_own_memory) { return OPEN("/proc/self/mem", O_RDWR); }
ACT(open_disk) { return OPEN("/dev/sda", O_RDONLY); }
ACT(open_kmsg) { return OPEN("/dev/kmsg", O_RDONLY); }
ACT(open_up_and_out) { return OPEN("../../../../../../etc/hostname", O_RDONLY); }
ACT(open_other_state) { return OPEN("/var/lib/patronus/privd/lkg-ruleset", O_RDONLY); }
ACT(create_in_root) { return OPEN("/x", O_WRONLY | O_CREAT); }
ACT(create_in_lib) { return OPEN("/usr/lib/x", O_WRONLY | O_CREAT); }
ACT(write_loader_cache) { return OPEN("/etc/ld.so.cache", O_WRONLY); }
ACT(make_device) { return syscall(SYS_mknodat, AT_FDCWD, "d", S_IFBLK | 0600, 0x800); }
ACT(make_fifo) { return syscall(SYS_mknodat, AT_FDCWD, "f", S_IFIFO | 0600, 0); }
ACT(make_symlink) { return syscall(SYS_symlinkat, "/etc/shadow", AT_FDCWD, "s"); }
ACT(link_library) { return syscall(SYS_linkat, AT_FDCWD, "/etc/ld.so.cache", AT_FDCWD, "l", 0); }
ACT(remove_library) { return syscall(SYS_unlinkat, AT_FDCWD, "/usr/lib/os-release", 0); }
ACT(rename_library) { return syscall(SYS_renameat2, AT_FDCWD, "/usr/lib", AT_FDCWD, "/usr/lib2", 0); }
ACT(own_root) { return syscall(SYS_fchmodat, AT_FDCWD, "/", 0777); }
ACT(give_away) { return syscall(SYS_fchownat, AT_FDCWD, ".", 0, 0, 0); }
ACT(open_by_handle) { struct { struct file_handle h; char b[8]; } f = { .h = { .handle_bytes = 8, .handle_type = 1 } };
	return syscall(SYS_open_by_handle_at, AT_FDCWD, &f, O_RDONLY); }
ACT(mount_proc) { return mount("proc", "/etc", "proc", 0, NULL); }
ACT(mount_move) { return mount("/usr/lib", "/etc", NULL, MS_BIND, NULL); }
ACT(open_tree_root) { return syscall(428 /* open_tree */, AT_FDCWD, "/", 1); }
ACT(umount_root) { return umount2("/", MNT_DETACH); }
ACT(pivot) { return syscall(SYS_pivot_root, ".", "."); }
ACT(change_root) { return chroot("/usr"); }

/* --- H2: code */
ACT(exec_loader) { char *const argv[] = { "ld", NULL }; return execve("/lib64/ld-linux-x86-64.so.2", argv, NULL); }
ACT(exec_memory) { char *const argv[] = { "x", NULL }; int fd = (int)syscall(SYS_memfd_create, "x", 0);
	if (fd == -1 || write(fd, "#!/x\n", 5) != 5) return -1;
	return syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH); }
ACT(map_wx) { return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0; }
ACT(protect_x) { return mprotect(page, sizeof(page), PROT_READ | PROT_EXEC); }
ACT(protect_wx) { return mprotect(page, sizeof(page), PROT_READ | PROT_WRITE | PROT_EXEC); }
ACT(pkey_protect_x) { return syscall(SYS_pkey_mprotect, page, sizeof(page), PROT_READ | PROT_EXEC, -1); }
ACT(do_fork) { return syscall(SYS_fork); }
ACT(do_vfork) { return syscall(SYS_vfork); }
ACT(do_clone) { return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0); }
ACT(do_thread) { return syscall(SYS_clone, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, page + 60000, NULL, NULL, 0); }
ACT(clone_user) { return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0); }
ACT(clone3) { uint64_t a[11] = { CLONE_NEWUSER }; return syscall(SYS_clone3, a, sizeof(a)); }
ACT(unshare_user) { return unshare(CLONE_NEWUSER); }
ACT(unshare_net) { return unshare(CLONE_NEWNET); }
ACT(enter_namespace) { return setns(3, 0); }

/* --- H3: sockets */
ACT(socket_inet) { return socket(AF_INET, SOCK_STREAM, 0); }
ACT(socket_inet6) { return socket(AF_INET6, SOCK_DGRAM, 0); }
ACT(socket_unix) { return socket(AF_UNIX, SOCK_STREAM, 0); }
ACT(socket_netlink) { return socket(AF_NETLINK, SOCK_RAW, 12); }
ACT(socket_packet) { return socket(AF_PACKET, SOCK_RAW, 0); }
ACT(socket_vsock) { return socket(AF_VSOCK, SOCK_STREAM, 0); }
ACT(socket_alg) { return socket(AF_ALG, SOCK_SEQPACKET, 0); }
ACT(socket_pair) { int fds[2]; return socketpair(AF_UNIX, SOCK_STREAM, 0, fds); }
ACT(do_connect) { struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/notify" };
	return connect(3, (struct sockaddr *)&a, sizeof(a)); }
ACT(do_bind) { struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "b" }; return bind(3, (struct sockaddr *)&a, sizeof(a)); }
ACT(do_listen) { return listen(3, 1); }
ACT(steal_descriptor) { return syscall(SYS_pidfd_getfd, 3, 0, 0); }
ACT(open_pidfd) { return syscall(SYS_pidfd_open, 1, 0); }
ACT(push_input) { return ioctl(2, 0x5412 /* TIOCSTI */, "x"); }
ACT(list_interfaces) { return ioctl(3, 0x8912 /* SIOCGIFCONF */, page); }

/* --- H4: other processes */
ACT(trace_parent) { return ptrace(PTRACE_ATTACH, 1, NULL, NULL); }
ACT(trace_me) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL); }
ACT(read_memory) { struct iovec v = { page, 16 }; return process_vm_readv(1, &v, 1, &v, 1, 0); }
ACT(write_memory) { struct iovec v = { page, 16 }; return process_vm_writev(1, &v, 1, &v, 1, 0); }
ACT(kill_all) { return kill(-1, SIGTERM); }
ACT(kill_first) { return kill(1, 0); }
ACT(kill_thread) { return syscall(SYS_tgkill, 1, 1, 0); }
ACT(queue_signal) { return syscall(SYS_rt_sigqueueinfo, 1, SIGTERM, page); }
ACT(lower_limit) { struct rlimit r = { 0, 0 }; return (long)syscall(SYS_prlimit64, 1, RLIMIT_NOFILE, &r, NULL); }
ACT(renice) { return setpriority(PRIO_PROCESS, 0, -20); }
ACT(schedule) { struct sched_param p = { 1 }; return sched_setscheduler(0, SCHED_FIFO, &p); }

/* --- power and the kernel's surface */
ACT(become_root) { return syscall(SYS_setresuid, 0, 0, 0); }
ACT(become_group) { return syscall(SYS_setgroups, 0, NULL); }
ACT(take_capabilities) { uint32_t h[2] = { 0x20080522, 0 }, d[6] = { ~0u, ~0u, ~0u, ~0u, ~0u, ~0u }; return syscall(SYS_capset, h, d); }
ACT(be_dumpable) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
ACT(more_filters) { return syscall(SYS_seccomp, 1, 0, page); }
ACT(load_bpf) { union bpf_attr a = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };
	return syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a)); }
ACT(perf) { struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a) }; return syscall(SYS_perf_event_open, &a, 0, -1, -1, 0); }
ACT(io_ring) { return syscall(SYS_io_uring_setup, 1, page); }
ACT(fault_handler) { return syscall(SYS_userfaultfd, 1); }
ACT(add_a_key) { return syscall(SYS_add_key, "user", "x", "y", 1, -3); }
ACT(join_keyring) { return syscall(SYS_keyctl, 1, "x"); }
ACT(load_module) { return syscall(SYS_init_module, page, sizeof(page), ""); }
ACT(new_kernel) { return syscall(SYS_kexec_load, 0, 0, NULL, 0); }
ACT(do_reboot) { return syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL); }	/* CAD off: harmless where it is allowed */
ACT(set_hostname) { return syscall(SYS_sethostname, "x", 1); }
ACT(set_clock) { return syscall(SYS_clock_settime, 0, page); }
ACT(swap) { return syscall(SYS_swapon, "/x", 0); }
ACT(ports) { return syscall(SYS_iopl, 3); }
ACT(local_descriptors) { return syscall(SYS_modify_ldt, 1, page, 16); }
ACT(change_personality) { return syscall(SYS_personality, 0x0400000); }
ACT(memory_policy) { return syscall(SYS_set_mempolicy, 0, NULL, 0); }
ACT(watch_files) { return syscall(SYS_inotify_init1, 0); }
ACT(x32) { return syscall(0x40000000 | SYS_getpid); }

#define ROW(id, f)	{ id, #f, f, false, false }
#define NETWORK(id, f)	{ id, #f, f, true, false }
#define BPF(id, f)	{ id, #f, f, false, true }

const struct evil_act evil_acts[] = {
	ROW("H1", open_shadow), ROW("H1", open_passwd), ROW("H1", open_parent_memory), ROW("H1", open_own_memory), ROW("H1", open_disk),
	ROW("H1", open_kmsg), ROW("H1", open_up_and_out), ROW("H1", open_other_state), ROW("H1", create_in_root),
	ROW("H1", create_in_lib), ROW("H1", write_loader_cache), ROW("H1", make_device), ROW("H1", make_fifo), ROW("H1", make_symlink),
	ROW("H1", link_library), ROW("H1", remove_library), ROW("H1", rename_library), ROW("H1", own_root), ROW("H1", give_away),
	ROW("H1", open_by_handle), ROW("H1", mount_proc), ROW("H1", mount_move), ROW("H1", open_tree_root), ROW("H1", umount_root),
	ROW("H1", pivot), ROW("H1", change_root),
	ROW("H2", exec_loader), ROW("H2", exec_memory), ROW("H2", map_wx), ROW("H2", protect_x), ROW("H2", protect_wx),
	ROW("H2", pkey_protect_x), ROW("H2", do_fork), ROW("H2", do_vfork), ROW("H2", do_clone), ROW("H2", do_thread),
	ROW("H2", clone_user), ROW("H2", clone3), ROW("H2", unshare_user), ROW("H2", unshare_net), ROW("H2", enter_namespace),
	NETWORK("H3", socket_inet), NETWORK("H3", socket_inet6), ROW("H3", socket_unix), ROW("H3", socket_netlink), ROW("H3", socket_packet),
	ROW("H3", socket_vsock), ROW("H3", socket_alg), ROW("H3", socket_pair), ROW("H3", do_connect), ROW("H3", do_bind),
	ROW("H3", do_listen), ROW("H3", steal_descriptor), ROW("H3", open_pidfd), ROW("H3", push_input), ROW("H3", list_interfaces),
	ROW("H4", trace_parent), ROW("H4", trace_me), ROW("H4", read_memory), ROW("H4", write_memory), ROW("H4", kill_all),
	ROW("H4", kill_first), ROW("H4", kill_thread), ROW("H4", queue_signal), ROW("H4", lower_limit), ROW("H4", renice),
	ROW("H4", schedule),
	ROW("H5", become_root), ROW("H5", become_group), ROW("H5", take_capabilities), ROW("H5", be_dumpable), ROW("H5", more_filters),
	BPF("H5", load_bpf), ROW("H5", perf), ROW("H5", io_ring), ROW("H5", fault_handler), ROW("H5", add_a_key), ROW("H5", join_keyring),
	ROW("H5", load_module), ROW("H5", new_kernel), ROW("H5", do_reboot), ROW("H5", set_hostname), ROW("H5", set_clock),
	ROW("H5", swap), ROW("H5", ports), ROW("H5", local_descriptors), ROW("H5", change_personality), ROW("H5", memory_policy),
	ROW("H5", watch_files), ROW("H5", x32),
};
const size_t evil_nacts = sizeof(evil_acts) / sizeof(evil_acts[0]);
