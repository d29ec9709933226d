#include "cgroups/files.hpp"

namespace lodger::cgroups {

namespace {

/// `at_once`: what leaves room in a buffer is the end of the file.
kernel::Result<std::string> read_all(int folder, const std::string& name, bool at_once) {
  const auto file = TRY(kernel::openat(folder, name.c_str(), O_RDONLY));
  std::string text;
  char buffer[4096];
  for (;;) {
    const std::size_t count = TRY(kernel::read(file.get(), buffer));
    text.append(buffer, count);
    if (count == 0 || (at_once && count < sizeof buffer)) break;
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

kernel::Result<std::string> read_text(int folder, const std::string& name) {
  return read_all(folder, name, false);
}

kernel::Result<std::string> read_value(int folder, const std::string& name) {
  return read_all(folder, name, true);
}

kernel::Result<> write_text(int folder, const std::string& name, std::string_view text) {
  const auto file = TRY(kernel::openat(folder, name.c_str(), O_WRONLY));
  return kernel::write_once(file.get(), text);
}

bool has_word(std::string_view list, std::string_view word) {
  bool found = false;
  each_part(list, ' ', [&](std::string_view part) { found |= part == word; });
  return found;
}

}  // namespace lodger::cgroups
