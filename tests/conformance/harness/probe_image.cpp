#include "run.hpp"

// Named by ld(1) after the file it was made from: see meson.build.
extern "C" const char _binary_probe_start[], _binary_probe_end[];  // NOLINT(bugprone-reserved-identifier)

namespace conformance {

std::string_view probe_image() {
  return {_binary_probe_start, static_cast<std::size_t>(_binary_probe_end - _binary_probe_start)};
}

}  // namespace conformance
