// The same profile through libseccomp, used as runc and crun use it.
#pragma once
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <optional>
#include <string>
#include <vector>

#include "spec/seccomp.hpp"

namespace lodger::test {

/// libseccomp's program, or nothing where libseccomp refuses a rule (EEXIST).
std::optional<std::vector<sock_filter>> libseccomp_program(const spec::Seccomp& profile);

/// libseccomp's verdicts. libseccomp 2.5.4 may leave out the load of the call's number, where a call that the
/// architecture lacks would have come first, or where two architectures share blocks: with one program per
/// architecture that can be mended.
class Oracle {
 public:
  enum class Programs : bool { one, one_per_architecture };
  static std::optional<Oracle> make(const spec::Seccomp& profile, Programs programs);
  std::uint32_t verdict(const seccomp_data& data) const;

 private:
  struct Part {
    std::uint32_t audit;  // 0: the program is for all
    bool x32;
    std::vector<sock_filter> program;
  };
  std::vector<Part> parts_;
};

}  // namespace lodger::test
