// The device program of cgroup2, put together by hand: it is a dozen kinds of instruction in a fixed pattern.
//
// The kernel asks with { access << 16 | type, major, minor } (struct bpf_cgroup_dev_ctx). The program keeps
// the accesses that are still undecided in r2 and walks the rules from the last to the first. A rule for
// another device is skipped; a denying one ends it with 0 if it speaks of an undecided access; an allowing
// one strikes out its accesses and ends it with 1 if none is left. What no rule spoke of is denied.
#include <algorithm>

#include "cgroups/devices.hpp"

namespace lodger::cgroups {
namespace {

constexpr std::uint8_t answer = 0, context = 1, undecided = 2, type = 3, major_number = 4, minor_number = 5;

bpf_insn instruction(unsigned code, std::uint8_t destination, std::uint8_t source, int offset,
                     std::int64_t value) {
  bpf_insn out{};
  out.code = static_cast<std::uint8_t>(code);
  out.dst_reg = destination & 0xf;
  out.src_reg = source & 0xf;
  out.off = static_cast<std::int16_t>(offset);
  out.imm = static_cast<std::int32_t>(value);
  return out;
}

bpf_insn load(std::uint8_t into, std::size_t field) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, into, context, static_cast<int>(field), 0);
}
bpf_insn compute(unsigned operation, std::uint8_t in, std::int64_t value) {
  return instruction(BPF_ALU | operation | BPF_K, in, 0, 0, value);  // 32 bits; the upper half becomes zero
}
bpf_insn jump(unsigned condition, std::uint8_t left, std::int64_t right, std::size_t over) {
  return instruction(BPF_JMP | condition | BPF_K, left, 0, static_cast<int>(over), right);
}

void append(std::vector<bpf_insn>& program, std::initializer_list<bpf_insn> more) {
  for (const auto& one : more) program.push_back(one);
}
void append_return(std::vector<bpf_insn>& program, bool allow) {
  append(program, {instruction(BPF_ALU64 | BPF_MOV | BPF_K, answer, 0, 0, allow),
                   instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)});
}

/// What is done with a request for a rule's devices.
std::vector<bpf_insn> verdict(const DeviceMatch& rule) {
  std::vector<bpf_insn> body;
  if (rule.access != all_access && rule.allow)
    append(body, {compute(BPF_AND, undecided, ~std::int64_t{rule.access} & all_access),
                  jump(BPF_JNE, undecided, 0, 2)});
  else if (rule.access != all_access)
    append(body, {jump(BPF_JSET, undecided, rule.access, 1), jump(BPF_JA, 0, 0, 2)});
  append_return(body, rule.allow);
  return body;
}

/// Tests of a rule, each of which skips what is left of it.
void append_rule(std::vector<bpf_insn>& program, const DeviceMatch& rule) {
  const auto body = verdict(rule);
  std::size_t left = (rule.type != 'a') + (rule.major >= 0) + (rule.minor >= 0) + body.size();
  const auto test = [&](std::uint8_t in, std::int64_t value) {
    program.push_back(jump(BPF_JNE, in, value, --left));
  };
  if (rule.type != 'a') test(type, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  if (rule.major >= 0) test(major_number, rule.major);
  if (rule.minor >= 0) test(minor_number, rule.minor);
  for (const auto& one : body) program.push_back(one);
}

}  // namespace

std::vector<bpf_insn> device_program(std::span<const DeviceMatch> rules) {
  std::vector<bpf_insn> program;
  const auto total = std::find_if(rules.rbegin(), rules.rend(), is_total);
  const bool allow_by_default = total != rules.rend() && total->allow;
  const auto differs = [&](const DeviceMatch& m) { return m.allow != allow_by_default; };
  if (rules.empty() || (allow_by_default && std::none_of(rules.rbegin(), total, differs))) return program;

  append(program, {load(undecided, offsetof(bpf_cgroup_dev_ctx, access_type)),
                   load(type, offsetof(bpf_cgroup_dev_ctx, access_type)),
                   load(major_number, offsetof(bpf_cgroup_dev_ctx, major)),
                   load(minor_number, offsetof(bpf_cgroup_dev_ctx, minor)), compute(BPF_RSH, undecided, 16),
                   compute(BPF_AND, type, 0xffff)});
  // What stands before a rule for everything is never asked; the verifier refuses code that nothing reaches.
  for (auto rule = rules.rbegin(); rule != total; ++rule) append_rule(program, *rule);
  append_return(program, allow_by_default);
  return program;
}

}  // namespace lodger::cgroups
