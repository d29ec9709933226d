// Hooks in the container's namespaces: createContainer (before the pivot) and startContainer.
// runtime-spec, config.md, "POSIX-platform Hooks".
#include "kernel/memory.hpp"
#include "kernel/process.hpp"
#include "runtime/init/digits.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

/// The state document, with our pid as the container sees it, as a file to read from: no pipe, so no hook can
/// make us wait by not reading.
Result<Fd<kernel::Memory>> state_document(const Hooks& hooks) {
  auto document = TRY(kernel::memfd("state", MFD_NOEXEC_SEAL));
  char digits[12];
  TRY(kernel::write_all(document.get(), hooks.state_head));
  TRY(kernel::write_all(document.get(), digits_of(kernel::getpid(), digits)));
  TRY(kernel::write_all(document.get(), hooks.state_tail));
  TRY(kernel::rewind(document.get()));
  return document;
}

[[noreturn]] void become_hook(Control& control, const Hook& hook, int input, int output, int folder) {
  const bool confined = folder < 0;
  if (!confined) kernel::umask(control.callers_umask());
  const bool placed = (confined || kernel::fchdir(folder)) && kernel::place(input, 0) &&
                      kernel::place(output, 1) && kernel::place(output, 2) && kernel::close_on_exec_from(3);
  if (placed && (!confined || confine(control, Confined::hook)))
    kernel::exit(kernel::execute(hook.path, hook.argv, hook.envp).code == ENOENT ? 127 : 126);
  kernel::exit(126);
}

/// The last part of what a hook wrote, for the error's text.
void take_words(Control& control, int output) {
  const auto end = kernel::call("lseek", __NR_lseek, output, 0, 2 /* SEEK_END */);
  if (!end) return;
  const auto room = static_cast<long>(control.words().size());
  if (*end > room)
    (void)kernel::call("lseek", __NR_lseek, output, *end - room, 0);
  else
    (void)kernel::rewind(output);
  if (const auto n = kernel::read(output, control.words())) control.words_used(*n);
}

Result<> run_hook(Control& control, const Hook& hook, const Hooks& hooks, int folder) {
  const auto input = TRY(state_document(hooks));
  const auto output = TRY(kernel::memfd("hook", MFD_NOEXEC_SEAL));
  int pidfd = -1;
  clone_args how{};
  how.flags = CLONE_PIDFD;
  how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  how.exit_signal = SIGCHLD;
  if (TRY(kernel::fork3(how)) == 0) become_hook(control, hook, input.get(), output.get(), folder);
  const Fd<kernel::Process> child(pidfd);
  pollfd end{pidfd, POLLIN, 0};
  if (TRY(kernel::poll({&end, 1}, hook.timeout_ms)) == 0) {
    TRY(kernel::send_signal(child, SIGKILL));
    TRY(kernel::wait(child));
    return kernel::fail("hook", ETIMEDOUT);
  }
  const auto ended = TRY(kernel::wait(child));
  if (ended.code == CLD_EXITED && ended.status == 0) return {};
  take_words(control, output.get());
  // Told as a number: exit status, or 128 + signal, above every errno.
  return kernel::fail("hook", 4096 + ended.shell_status());
}

}  // namespace

Result<> run_hooks(Control& control, Stage stage, const Hooks& hooks, int folder) {
  for (const Hook& hook : hooks.hooks) {
    control.at(stage, static_cast<std::size_t>(&hook - hooks.hooks.data()));
    TRY(run_hook(control, hook, hooks, folder));
  }
  return {};
}

}  // namespace lodger::init
