// Programs that the harness starts, as all tests do.
#pragma once
#include "tests/support/command.hpp"

namespace conformance {

using std::chrono::milliseconds;
using support::eventually;
using support::Finished;
using support::pause_briefly;
using support::Running;
using support::Setting;

inline Finished run_command(const std::vector<std::string>& argv, const Setting& setting = {}) {
  return Running(argv, setting).wait();
}

}  // namespace conformance
