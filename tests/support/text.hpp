// Texts taken apart.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace support {

std::vector<std::string> lines(const std::string& text);
/// The words of a line, separated by blanks: "stat /dev/null ; ids".
std::vector<std::string> words(const std::string& line);
/// Without blanks and line ends around it.
std::string trimmed(std::string_view text);

}  // namespace support
