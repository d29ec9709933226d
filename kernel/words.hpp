// What one datagram between lodger and a program of its own says: words, each ended by a zero byte, so that
// none can hold one.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lodger::kernel {

using Words = std::vector<std::string>;
std::string packed(const Words& words);
/// Nothing for a text that does not end with a zero byte.
std::optional<Words> unpacked(std::string_view text);

}  // namespace lodger::kernel
