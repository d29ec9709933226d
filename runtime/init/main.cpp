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
  if (!plan.rootfs) return enter_cgroup(control);
  const Root root = TRY(attach_root(control));
  TRY(make_mounts(control, root));  // enters the cgroup on the way
  TRY(make_devices(control, root));
  if (plan.terminal) TRY(open_terminal(control, root));
  if (plan.wait_for_hooks) {
    TRY(control.report(Event::mounted));
    TRY(control.expect(Order::hooks_done));
  }
  TRY(run_hooks(control, Stage::create_container_hook, plan.create_container, nullptr));
  TRY(change_root(control, root));
  TRY(make_paths_readonly(control, root));
  TRY(mask_paths(control, root));
  return make_root_readonly(control, root);
}

Result<> prepare_process(Control& control) {
  TRY(join_keyring(control));
  TRY(apply_settings(control));
  if (!control.plan().has_process) return {};
  const bool entered = TRY(try_working_directory(control));
  TRY(add_home(control));
  TRY(set_limits(control));
  if (control.plan().identity.uid != 0) TRY(give_streams_to(control.plan().identity.uid));
  TRY(become(control));
  return entered ? Result<>{} : enter_working_directory(control);
}

/// Waits for the start order, wherever it comes from.
Result<> wait_at_gate(Control& control) {
  control.at(Stage::begin);
  TRY(control.report(Event::ready));
  if (const int gate = control.fd(control.plan().gate); gate >= 0) {
    const Fd<kernel::Socket> listening(gate);
    control.move_to(TRY(kernel::accept(listening)));
  }
  return control.expect(Order::start);
}

/// Capabilities and filter. Without no_new_privs a filter needs CAP_SYS_ADMIN: seccomp(2). It is then kept
/// until the exec, which computes all sets anew and takes it away (capabilities(7), "Transformation of
/// capabilities during execve()"); so nothing but the exec has to pass the filter.
Result<> confine(Control& control) {
  const Plan& plan = control.plan();
  const auto& [instructions, size, flags] = plan.filter;
  const bool keep = size && !plan.identity.no_new_privileges;
  control.at(Stage::capabilities);
  TRY(set_capabilities(plan.identity, keep));
  if (!size) return {};
  control.at(Stage::seccomp);
  return kernel::set_filter({size, instructions}, flags);
}

/// From the gate on: hooks, filter, capabilities, exec. Returns only errors.
Result<> start_process(Control& control, Name file) {
  const Plan& plan = control.plan();
  TRY(run_hooks(control, Stage::start_container_hook, plan.start_container, &plan.identity));
  TRY(kernel::close_on_exec_from(3 + plan.preserve_fds));
  control.at(Stage::execute);
  // Before the filter, which may forbid all talk.
  TRY(control.report(Event::executing));
  TRY(confine(control));
  control.at(Stage::execute);
  return std::unexpected(kernel::execute(file, plan.argv, plan.envp));
}

Result<> carry_out(Control& control) {
  TRY(control.receive_row());
  TRY(build_container(control));
  TRY(prepare_process(control));
  const Name file = control.plan().has_process ? TRY(find_executable(control)) : nullptr;
  control.at(Stage::begin);
  TRY(control.expect(Order::finish));
  TRY(wait_at_gate(control));
  if (!file) return kernel::fail("start", ENOEXEC);
  return start_process(control, file);
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
  Control control(Fd<kernel::Socket>(socket), *reinterpret_cast<const Plan*>(plan_address));
  (void)kernel::raw(__NR_fcntl, socket, F_SETFD, FD_CLOEXEC);
  kernel::umask(0);
  const auto result = carry_out(control);
  control.report_failure(result.error());  // success never comes back
  kernel::exit(127);
}

}  // namespace lodger::init
