// Names, sysctls, security labels, keyring.
// procfs is written through an instance of our own that no mount can cover and no other process can see:
// CVE-2019-16884, CVE-2019-19921, CVE-2025-52881.
#include "kernel/mount.hpp"
#include "kernel/namespace.hpp"
#include "runtime/init/stages.hpp"

namespace lodger::init {
namespace {

Result<> write(const Procfs& proc, const char* name, std::span<const char> value) {
  const auto file = TRY(kernel::openat(proc.get(), name, O_WRONLY | O_NOFOLLOW));
  return kernel::write_once(file.get(), value);
}

Result<> write_label(const Procfs& proc, const char* name, const char* older_name,
                     std::span<const char> label) {
  auto written = write(proc, name, label);
  if (written || written.error().code != ENOENT || !older_name) return written;
  return write(proc, older_name, label);
}

}  // namespace

Result<> set_names(Control& control) {
  const Plan& plan = control.plan();
  control.at(Stage::hostname);
  if (!plan.hostname.empty()) TRY(kernel::sethostname({plan.hostname.data(), plan.hostname.size()}));
  control.at(Stage::domainname);
  if (!plan.domainname.empty()) TRY(kernel::setdomainname({plan.domainname.data(), plan.domainname.size()}));
  return {};
}

Result<Procfs> open_procfs(Control& control) {
  const Plan& plan = control.plan();
  if (plan.sysctls.empty() && plan.apparmor.empty() && plan.selinux.empty()) return Procfs();
  control.at(Stage::sysctl, plan.sysctls.size());
  const auto context = TRY(kernel::fsopen("proc"));
  TRY(kernel::create(context));
  auto mount = TRY(kernel::fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  return std::move(mount).as<kernel::Path>();
}

Result<Procfs> hold_procfs(Control& control) {
  const Plan& plan = control.plan();
  if (plan.apparmor.empty() && plan.selinux.empty()) return Procfs();
  control.at(Stage::label);
  return kernel::openat<kernel::Path>(kernel::cwd, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

Result<> set_oom_score(Control& control) {
  const auto score = control.plan().oom_score;
  if (score.empty()) return {};
  control.at(Stage::oom_score);
  constexpr const char* name = "/proc/self/oom_score_adj";
  auto file = kernel::openat(kernel::cwd, name, O_WRONLY);
  if (!file && file.error().code == EACCES) {
    // The files of a process that must not be traced belong to the host's root, and for an ordinary user this
    // one has to be theirs. Nothing of a container's can trace us: we are in none of its namespaces
    // (ptrace(2), "Ptrace access mode checking").
    TRY(kernel::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
    file = kernel::openat(kernel::cwd, name, O_WRONLY);
    TRY(kernel::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
  }
  if (!file) return std::unexpected(file.error());
  return kernel::write_once(file->get(), score);
}

Result<> apply_settings(Control& control, const Procfs& proc) {
  const Plan& plan = control.plan();
  for (std::size_t i = 0; i < plan.sysctls.size(); ++i) {
    control.at(Stage::sysctl, i);
    TRY(write(proc, plan.sysctls[i].path, plan.sysctls[i].value));
  }
  if (plan.apparmor.empty() && plan.selinux.empty()) return {};
  control.at(Stage::label);
  // These files are everybody's to open and their own process's alone to write, whoever owns them: it stays
  // as hidden as it is (PR_SET_DUMPABLE). attr/apparmor/ is Linux 5.8; before, AppArmor had attr/ to itself.
  if (!plan.apparmor.empty())
    TRY(write_label(proc, "thread-self/attr/apparmor/exec", "thread-self/attr/exec", plan.apparmor));
  if (!plan.selinux.empty()) TRY(write_label(proc, "thread-self/attr/exec", nullptr, plan.selinux));
  // The session keyring gets the label of whoever is to use it; the exec forgets the wish (proc_pid_attr(5)).
  if (!plan.selinux.empty() && plan.new_keyring)
    TRY(write_label(proc, "thread-self/attr/keycreate", nullptr, plan.selinux));
  return {};
}

Result<> join_keyring(Control& control) {
  if (!control.plan().new_keyring) return {};
  control.at(Stage::keyring);
  // A new one without a name, for exec as well. By name ("_ses.<id>" is a habit) any user of the host could
  // have made it before, open to all, and would share the container's keys: keyctl(2). Nothing has to be
  // granted to the container's user: whose session keyring it is possesses it, whoever owns it (keyrings(7)).
  auto joined = kernel::join_session_keyring(nullptr);
  // A kernel without keyrings, or a sandbox around us that hides them (it hides them from the container,
  // too), has none to leak. Anything else is a failure: the caller's keys must not reach a container.
  if (!joined && (joined.error().code == ENOSYS || joined.error().code == EPERM)) return {};
  return joined;
}

}  // namespace lodger::init
