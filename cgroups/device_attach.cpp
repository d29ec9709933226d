#include "cgroups/device_attach.hpp"

#include <fmt/core.h>

#include <array>

#include "kernel/bpf.hpp"

namespace lodger::cgroups {
namespace {

constexpr std::string_view program_name = "lodger_devices";  // by which we know our own again
constexpr std::size_t most_programs = 64;                    // BPF_CGROUP_MAX_PROGS of the kernel

/// Our program on this very folder, or none.
kernel::Result<kernel::Fd<kernel::Program>> attached_before(int folder) {
  std::array<std::uint32_t, most_programs> ids;
  const auto count = TRY(kernel::attached_programs(folder, BPF_CGROUP_DEVICE, ids));
  for (std::size_t i = 0; i < count; ++i) {
    auto program = TRY(kernel::program_by_id(ids[i]));
    if (TRY(kernel::program_info(program)).name == program_name) return program;
  }
  return kernel::Fd<kernel::Program>();
}

kernel::Result<> attach(int folder, std::span<const bpf_insn> instructions, bool fresh) {
  kernel::Fd<kernel::Program> old;
  if (!fresh) old = TRY(attached_before(folder));
  if (instructions.empty())
    return old ? kernel::detach_program(folder, old, BPF_CGROUP_DEVICE) : kernel::Result<>();
  const auto program = TRY(kernel::load_program(BPF_PROG_TYPE_CGROUP_DEVICE, instructions, program_name));
  const unsigned flags = BPF_F_ALLOW_MULTI | (old ? BPF_F_REPLACE : 0);
  return kernel::attach_program(folder, program, BPF_CGROUP_DEVICE, flags, old.get());
}

}  // namespace

Outcome<> attach_devices(int folder, std::span<const bpf_insn> program, bool fresh, std::string_view cgroup) {
  const auto attached = attach(folder, program, fresh);
  if (attached) return {};
  auto failure = explain(fmt::format("cgroup {}: its device program", cgroup), attached.error());
  if (failure.code == EPERM) failure.text += " (needs CAP_BPF or CAP_SYS_ADMIN, and CAP_NET_ADMIN)";
  return std::unexpected(std::move(failure));
}

}  // namespace lodger::cgroups
