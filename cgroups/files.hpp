// Control files: small texts, read as a whole and written with one write(2).
#pragma once
#include <string>
#include <string_view>

#include "kernel/file.hpp"

namespace lodger::cgroups {

/// All of a file below `folder` (or kernel::cwd), without the newline at its end.
kernel::Result<std::string> read_text(int folder, const std::string& name);

/// The same of a file that the kernel prints as one record (single_open() and kernfs's seq_show), whose end
/// needs no read of its own: of a list of records, such as cgroup.procs, a read may give less than there is.
kernel::Result<std::string> read_value(int folder, const std::string& name);

/// One write(2): what cgroupfs takes for one value.
kernel::Result<> write_text(int folder, const std::string& name, std::string_view text);

/// Whether a blank-separated list, such as cgroup.controllers, has the word.
bool has_word(std::string_view list, std::string_view word);

/// Calls `visit` with each part of `text` between separators, empty ones left out.
template <class Visit>
void each_part(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (const auto part = text.substr(0, end); !part.empty()) visit(part);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
  }
}

}  // namespace lodger::cgroups
