// BPF programs: loaded, attached to a cgroup, asked for. bpf(2), <linux/bpf.h>.
#pragma once
#include <linux/bpf.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "kernel/fd.hpp"

namespace lodger::kernel {

/// bpf(2) with an attribute whose unused rest is zero, as the kernel demands.
inline Result<long> bpf(int command, bpf_attr& attribute) {
  return restarted("bpf", __NR_bpf, command, &attribute, sizeof attribute);
}
inline bpf_attr bpf_attribute() {
  bpf_attr attribute;
  std::memset(&attribute, 0, sizeof attribute);  // `{}` would leave the longer members of the union undefined
  return attribute;
}
inline std::uint64_t bpf_pointer(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// BPF_PROG_LOAD. `where` it will be attached decides what the kernel lets it do. `name`: at most 15 letters,
/// digits, '_' and '.'; it is what bpftool shows. The program calls no helper that asks for the GPL, so its
/// licence is ours.
inline Result<Fd<Program>> load_program(bpf_prog_type type, bpf_attach_type where,
                                        std::span<const bpf_insn> instructions, std::string_view name) {
  auto attribute = bpf_attribute();
  attribute.prog_type = type;
  attribute.expected_attach_type = where;
  attribute.insns = bpf_pointer(instructions.data());
  attribute.insn_cnt = static_cast<std::uint32_t>(instructions.size());
  attribute.license = bpf_pointer("Apache-2.0");
  name.copy(attribute.prog_name, BPF_OBJ_NAME_LEN - 1);
  return Fd<Program>(static_cast<int>(TRY(bpf(BPF_PROG_LOAD, attribute))));
}

/// BPF_PROG_ATTACH to a cgroup's folder. `replaced`: with BPF_F_REPLACE, the program to put it in place of.
inline Result<> attach_program(int folder, const Fd<Program>& program, bpf_attach_type where, unsigned flags,
                               int replaced = 0) {
  auto attribute = bpf_attribute();
  attribute.target_fd = static_cast<std::uint32_t>(folder);
  attribute.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
  attribute.attach_type = where;
  attribute.attach_flags = flags;
  if (flags & BPF_F_REPLACE) attribute.replace_bpf_fd = static_cast<std::uint32_t>(replaced);
  TRY(bpf(BPF_PROG_ATTACH, attribute));
  return {};
}
inline Result<> detach_program(int folder, const Fd<Program>& program, bpf_attach_type where) {
  auto attribute = bpf_attribute();
  attribute.target_fd = static_cast<std::uint32_t>(folder);
  attribute.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
  attribute.attach_type = where;
  TRY(bpf(BPF_PROG_DETACH, attribute));
  return {};
}

/// BPF_PROG_QUERY: the ids of the programs attached to this very folder; how many `into` took. ENOSPC when
/// there are more.
inline Result<std::size_t> attached_programs(int folder, bpf_attach_type where,
                                             std::span<std::uint32_t> into) {
  auto attribute = bpf_attribute();
  attribute.query.target_fd = static_cast<std::uint32_t>(folder);
  attribute.query.attach_type = where;
  attribute.query.prog_ids = bpf_pointer(into.data());
  attribute.query.prog_cnt = static_cast<std::uint32_t>(into.size());
  TRY(bpf(BPF_PROG_QUERY, attribute));
  return attribute.query.prog_cnt;
}

/// BPF_PROG_GET_FD_BY_ID
inline Result<Fd<Program>> program_by_id(std::uint32_t id) {
  auto attribute = bpf_attribute();
  attribute.prog_id = id;
  return Fd<Program>(static_cast<int>(TRY(bpf(BPF_PROG_GET_FD_BY_ID, attribute))));
}

/// BPF_OBJ_GET_INFO_BY_FD, of which the name (zero-terminated) and the id are worth keeping.
inline Result<bpf_prog_info> program_info(const Fd<Program>& program) {
  bpf_prog_info info;
  std::memset(&info, 0, sizeof info);
  auto attribute = bpf_attribute();
  attribute.info.bpf_fd = static_cast<std::uint32_t>(program.get());
  attribute.info.info_len = sizeof info;
  attribute.info.info = bpf_pointer(&info);
  TRY(bpf(BPF_OBJ_GET_INFO_BY_FD, attribute));
  return info;
}

/// The program of this name that is attached to this very folder; owns none where there is none.
inline Result<Fd<Program>> attached_program(int folder, bpf_attach_type where, std::string_view name) {
  std::array<std::uint32_t, 64> ids;  // BPF_CGROUP_MAX_PROGS of the kernel
  const auto count = TRY(attached_programs(folder, where, ids));
  for (std::size_t i = 0; i < count; ++i) {
    auto program = TRY(program_by_id(ids[i]));
    if (TRY(program_info(program)).name == name) return program;
  }
  return Fd<Program>();
}

}  // namespace lodger::kernel
