#include "cgroups/device_attach.hpp"

#include <fmt/core.h>

#include "kernel/bpf.hpp"

namespace lodger::cgroups {
namespace {

constexpr std::string_view program_name = "lodger_devices";  // by which we know our own again

kernel::Result<> attach(int folder, std::span<const bpf_insn> instructions, bool fresh) {
  kernel::Fd<kernel::Program> old;
  if (!fresh) old = TRY(kernel::attached_program(folder, BPF_CGROUP_DEVICE, program_name));
  if (instructions.empty())
    return old ? kernel::detach_program(folder, old, BPF_CGROUP_DEVICE) : kernel::Result<>();
  const auto program =
      TRY(kernel::load_program(BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, instructions, program_name));
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
