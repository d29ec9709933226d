// The device program of cgroup2, put together by hand: it is a dozen kinds of instruction in a fixed pattern.
//
// The kernel asks with { access << 16 | type, major, minor } (struct bpf_cgroup_dev_ctx). The program keeps
// the accesses that are still undecided in r2 and walks the rules from the last to the first. A rule for
// another device is skipped; a denying one ends it with 0 if it speaks of an undecided access; an allowing
// one strikes out its accesses and ends it with 1 if none is left. What no rule spoke of is denied.
#include <algorithm>

#include "cgroups/devices.hpp"
#include "kernel/bpf_assembler.hpp"

namespace lodger::cgroups {
namespace {

using namespace kernel::bpf;
constexpr Register undecided = 2, type = 3, major_number = 4, minor_number = 5;

void append(std::vector<bpf_insn>& program, std::initializer_list<bpf_insn> more) {
  for (const auto& one : more) program.push_back(one);
}
void append_return(std::vector<bpf_insn>& program, bool allow) {
  append(program, {compute(BPF_MOV, answer, allow), leave()});
}

/// What is done with a request for a rule's devices.
std::vector<bpf_insn> verdict(const DeviceMatch& rule) {
  std::vector<bpf_insn> body;
  if (rule.access != all_access && rule.allow)
    append(body, {compute(BPF_AND, undecided, ~std::int64_t{rule.access} & all_access),
                  jump(BPF_JNE, undecided, 0, 2)});
  else if (rule.access != all_access)
    append(body, {jump(BPF_JSET, undecided, rule.access, 1), jump(2)});
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

  append(program, {load(undecided, context, offsetof(bpf_cgroup_dev_ctx, access_type)),
                   load(type, context, offsetof(bpf_cgroup_dev_ctx, access_type)),
                   load(major_number, context, offsetof(bpf_cgroup_dev_ctx, major)),
                   load(minor_number, context, offsetof(bpf_cgroup_dev_ctx, minor)),
                   compute(BPF_RSH, undecided, 16), compute(BPF_AND, type, 0xffff)});
  // What stands before a rule for everything is never asked; the verifier refuses code that nothing reaches.
  for (auto rule = rules.rbegin(); rule != total; ++rule) append_rule(program, *rule);
  append_return(program, allow_by_default);
  return program;
}

}  // namespace lodger::cgroups
