#include "cgroups/files.hpp"

namespace lodger::cgroups {

kernel::Result<std::string> read_text(int folder, const std::string& name) {
  const auto file = TRY(kernel::openat(folder, name.c_str(), O_RDONLY));
  std::string text;
  char buffer[4096];
  for (;;) {
    const std::size_t count = TRY(kernel::read(file.get(), buffer));
    text.append(buffer, count);
    if (count == 0) break;
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
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
