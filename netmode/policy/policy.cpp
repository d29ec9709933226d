#include "netmode/policy/policy.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "kernel/bpf.hpp"
#include "kernel/file.hpp"

namespace lodger::netmode::policy {
namespace {

using Ids = std::span<const std::uint32_t>;

/// Ours by their name, and, where `only` has some, by their number: a folder that is there for one container
/// after the other has the programs of one that lives when another one's are taken off.
kernel::Result<> take_off(int folder, const Hook& hook, const Ids* only) {
  std::array<std::uint32_t, 64> ids;  // BPF_CGROUP_MAX_PROGS of the kernel
  const auto count = TRY(kernel::attached_programs(folder, hook.where, ids));
  for (const auto id : std::span(ids).first(count)) {
    if (only && std::ranges::find(*only, id) == only->end()) continue;
    const auto program = kernel::program_by_id(id);
    if (!program && program.error().code == ENOENT) continue;  // taken off by another, this moment
    if (!program) return std::unexpected(program.error());
    if (std::string_view(TRY(kernel::program_info(*program)).name) == hook.name)
      TRY(kernel::detach_program(folder, *program, hook.where));
  }
  return {};
}

kernel::Result<> take_off_all(int folder, const Ids* only = nullptr) {
  for (const auto& hook : hooks) TRY(take_off(folder, hook, only));
  return {};
}

std::string doing(std::string_view what, std::string_view cgroup) {
  return fmt::format("the container's ports: {} cgroup {}", what, cgroup);
}

}  // namespace

Attached& Attached::operator=(Attached&& other) noexcept {
  Attached taken(std::move(other));
  std::swap(foreign_folder_, taken.foreign_folder_);
  std::swap(ids_, taken.ids_);
  return *this;
}

Attached::~Attached() {
  const Ids ids(ids_);
  if (foreign_folder_)
    (void)take_off_all(foreign_folder_.get(), &ids);  // best effort: what failed first is told
}

Outcome<Policy> Policy::load(const Rules& rules) {
  Policy policy;
  for (const auto& [hook, instructions] : programs(rules)) {
    auto loaded = kernel::load_program(hook.type, hook.where, instructions, hook.name);
    if (!loaded) return std::unexpected(explain("loading the program that enforces it", loaded.error()));
    policy.ids_.push_back(TRY(explained(kernel::program_info(*loaded), "looking at a program")).id);
    policy.loaded_.push_back({hook, std::move(*loaded)});
  }
  return policy;
}

Outcome<Attached> Policy::attach(int folder, bool fresh, std::string_view cgroup) const {
  const auto attaching = doing("attaching a program to", cgroup);
  Attached attached;
  if (!fresh) {
    TRY(detach_all(folder, cgroup));
    attached.ids_ = ids_;
    attached.foreign_folder_ = TRY(
        explained(kernel::opened<kernel::Path>("fcntl", __NR_fcntl, folder, F_DUPFD_CLOEXEC, 3), attaching));
  }
  for (const auto& [hook, program] : loaded_)
    TRY(explained(kernel::attach_program(folder, program, hook.where, BPF_F_ALLOW_MULTI), attaching));
  return attached;
}

Outcome<> detach(int folder, std::span<const std::uint32_t> ids, std::string_view cgroup) {
  return explained(take_off_all(folder, &ids), doing("taking a program off", cgroup));
}

Outcome<> detach_all(int folder, std::string_view cgroup) {
  return explained(take_off_all(folder), doing("taking a program off", cgroup));
}

}  // namespace lodger::netmode::policy
