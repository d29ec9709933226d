// The container's init, from its first instruction to the exec of the container's process.
//
// It is a program of its own without C library, dynamic loader or allocator, so what runs on the container's
// side of the fork can be read in this folder from end to end. The parent executes it from a sealed memory
// file: /proc/PID/exe never leads a container to the runtime's own binary (CVE-2019-5736).
#include "kernel/memory.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

Result<> build_container(Control& control) {
  const Plan& plan = control.plan();
  TRY(enter_namespaces(control));
  TRY(enter_time_namespace(control));
  TRY(set_names(control));
  Root root = TRY(attach_root(control));
  const Dev dev = TRY(make_mounts(control, root));  // enters the cgroup on the way
  TRY(make_devices(control, root, dev));
  if (plan.terminal) TRY(open_terminal(control, dev));
  if (plan.wait_for_hooks) {
    TRY(control.report(Event::mounted));
    TRY(control.expect(Order::hooks_done));
  }
  TRY(run_hooks(control, Stage::create_container_hook, plan.create_container, root.get()));
  TRY(make_dev_readonly(control, dev));
  const Procfs procfs = TRY(open_procfs(control));
  TRY(change_root(control, root));
  TRY(make_paths_readonly(control, root));
  TRY(mask_paths(control, root));
  // A working directory that the image lacks can only be made now.
  if (plan.rootfs->readonly && plan.has_process) TRY(try_working_directory(control));
  TRY(make_root_readonly(control, root));
  return apply_settings(control, procfs);
}

/// exec: into what is there already. Cgroup and labels first, while nobody of the container's sees us: both
/// are inherited by the second clone, which is all that the container sees, and which it cannot trace
/// (CVE-2016-9962).
Result<> join_container(Control& control) {
  TRY(enter_cgroup(control));
  {
    const Procfs procfs = TRY(hold_procfs(control));
    TRY(apply_settings(control, procfs));
  }
  TRY(enter_container_root(control));
  TRY(enter_namespaces(control));
  if (!control.plan().terminal) return {};
  const Dev dev = TRY(open_dev(control));
  return open_terminal(control, dev);
}

Result<> prepare_process(Control& control) {
  TRY(join_keyring(control));
  if (!control.plan().has_process) return {};
  const bool entered = TRY(try_working_directory(control));
  TRY(add_home(control));
  add_listen_pid(control);
  TRY(set_limits(control));
  TRY(set_personality(control));
  TRY(set_memory_policy(control));
  if (control.plan().identity.uid != 0) TRY(give_streams_to(control));
  TRY(enter_domain(control));
  TRY(become(control));
  return entered ? Result<>{} : enter_working_directory(control);
}

/// Whether a failure may have to be read in the plan: a filter can forbid to send it.
bool may_fall_silent(const Plan& plan) { return plan.filter.size > 0; }

/// Whatever was opened on the way goes; control socket and gate stay, and the plan's file where it is needed
/// still. A container that waits for its start holds nothing of the host.
Result<> let_go(const Control& control, int gate) {
  const unsigned kept = may_fall_silent(control.plan()) ? 2 : 1;  // the plan's memory is the next number
  const auto first = static_cast<unsigned>(control.socket().get()) + kept;
  if (gate < 0) return kernel::close_all(first, ~0U);
  TRY(kernel::close_all(first, static_cast<unsigned>(gate) - 1));
  return kernel::close_all(static_cast<unsigned>(gate) + 1, ~0U);
}

Result<> accept_start(Control& control, const Fd<kernel::Socket>& gate) {
  for (;;) {
    control.move_to(TRY(kernel::accept(gate)));
    auto ordered = control.expect(Order::start);
    // A `start` that was killed before it gave the order: the next one may come.
    if (ordered || (ordered.error().code != EPIPE && ordered.error().code != ECONNRESET)) return ordered;
  }
}

/// Waits for the start order, wherever it comes from.
Result<> wait_at_gate(Control& control) {
  control.at(Stage::begin);
  const Fd<kernel::Socket> gate(control.fd(control.plan().gate));
  TRY(let_go(control, gate.get()));
  // Nobody serves a created container's signals yet. Where default actions end it anyway, they shall.
  if (gate && kernel::getpid() == 1)
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) kernel::end_on(signal);
  const bool shown = gate && control.plan().shown_at_gate;
  // What an exec brings here meanwhile can trace us where the container gives it CAP_SYS_PTRACE or all that
  // we hold: no filter, label or no_new_privs is on yet. It stays within what its own user may do without
  // them.
  if (shown) TRY(kernel::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
  TRY(control.report(Event::ready));
  if (!gate) return control.expect(Order::start);
  TRY(control.expect(Order::kept));
  TRY(accept_start(control, gate));
  return shown ? kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) : Result<>{};
}

/// From the gate on: hooks, filter, capabilities, exec. Returns only errors.
Result<> start_process(Control& control, Name file, const Fd<kernel::Memory>& memory) {
  const Plan& plan = control.plan();
  TRY(run_hooks(control, Stage::start_container_hook, plan.start_container));
  TRY(kernel::close_on_exec_from(3 + plan.preserve_fds));
  control.at(Stage::execute);
  // Before the filter, which may forbid all talk: what fails then is left in the plan, whose file goes along.
  // Whoever gave the order may be gone by now; the process starts all the same.
  (void)control.report(Event::executing, 0, may_fall_silent(plan) ? memory.get() : -1);
  TRY(set_limit_of_descriptors(control));
  TRY(confine(control, Confined::process));
  control.at(Stage::execute);
  return std::unexpected(kernel::execute(file, plan.argv, plan.envp));
}

Result<> carry_out(Control& control, const Fd<kernel::Memory>& memory) {
  TRY(control.receive_row());
  TRY(set_oom_score(control));
  TRY(control.plan().rootfs ? build_container(control) : join_container(control));
  TRY(prepare_process(control));
  const Name file = control.plan().has_process ? TRY(find_executable(control)) : nullptr;
  control.at(Stage::begin);
  TRY(control.expect(Order::finish));
  TRY(wait_at_gate(control));
  if (!file) return kernel::fail("start", ENOEXEC);
  return start_process(control, file, memory);
}

/// The control socket's number is the program's only argument; the plan's memory is the next number.
int number(const char* text) {
  int n = 0;
  while (*text >= '0' && *text <= '9') n = n * 10 + (*text++ - '0');
  return n;
}

}  // namespace

extern "C" [[noreturn]] void init_main(const long* stack) {
  const auto* argv = reinterpret_cast<const char* const*>(stack + 1);
  if (*stack < 2) kernel::exit(127);
  const int socket = number(argv[1]);
  const Fd<kernel::Memory> memory(socket + 1);
  if (!kernel::map_shared_at(memory.get(), plan_address, plan_size)) kernel::exit(127);
  Control control(Fd<kernel::Socket>(socket), *reinterpret_cast<Plan*>(plan_address));
  (void)kernel::raw(__NR_fcntl, socket, F_SETFD, FD_CLOEXEC);
  (void)kernel::raw(__NR_fcntl, socket + 1, F_SETFD, FD_CLOEXEC);
  // Nobody who shares a namespace with us may trace us, or find our descriptors and memory: CVE-2016-9962. (A
  // holder of CAP_SYS_PTRACE over us still may; it must not share a pid namespace with containers it does not
  // trust.)
  (void)kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  control.set_callers_umask(kernel::umask(0));
  const auto result = carry_out(control, memory);
  control.report_failure(result.error());  // success never comes back
  kernel::exit(127);
}

}  // namespace lodger::init
