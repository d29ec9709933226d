#include "netmode/policy/policy.hpp"

#include <fmt/core.h>

#include "kernel/bpf.hpp"
#include "kernel/file.hpp"

namespace lodger::netmode::policy {
namespace {

kernel::Result<> take_off(int folder, const Hook& hook) {
  const auto old = TRY(kernel::attached_program(folder, hook.where, hook.name));
  return old ? kernel::detach_program(folder, old, hook.where) : kernel::Result<>{};
}

kernel::Result<> take_off_all(int folder) {
  for (const auto& hook : hooks) TRY(take_off(folder, hook));
  return {};
}

std::string doing(std::string_view what, std::string_view cgroup) {
  return fmt::format("the container's ports: {} cgroup {}", what, cgroup);
}

}  // namespace

Attached& Attached::operator=(Attached&& other) noexcept {
  Attached taken(std::move(other));
  std::swap(foreign_folder_, taken.foreign_folder_);
  return *this;
}

Attached::~Attached() {
  if (foreign_folder_) (void)take_off_all(foreign_folder_.get());  // best effort: what failed first is told
}

Outcome<Policy> Policy::load(const Rules& rules) {
  Policy policy;
  for (const auto& [hook, instructions] : programs(rules)) {
    auto loaded = kernel::load_program(hook.type, hook.where, instructions, hook.name);
    if (!loaded) return std::unexpected(explain("loading the program that enforces it", loaded.error()));
    policy.loaded_.push_back({hook, std::move(*loaded)});
  }
  return policy;
}

Outcome<Attached> Policy::attach(int folder, bool fresh, std::string_view cgroup) const {
  const auto attaching = doing("attaching a program to", cgroup);
  Attached attached;
  if (!fresh) {
    TRY(detach(folder, cgroup));
    attached.foreign_folder_ = TRY(
        explained(kernel::opened<kernel::Path>("fcntl", __NR_fcntl, folder, F_DUPFD_CLOEXEC, 3), attaching));
  }
  for (const auto& [hook, program] : loaded_)
    TRY(explained(kernel::attach_program(folder, program, hook.where, BPF_F_ALLOW_MULTI), attaching));
  return attached;
}

Outcome<> detach(int folder, std::string_view cgroup) {
  return explained(take_off_all(folder), doing("taking a program off", cgroup));
}

}  // namespace lodger::netmode::policy
