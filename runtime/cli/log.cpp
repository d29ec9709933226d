#include "runtime/cli/log.hpp"

#include <fmt/core.h>
#include <time.h>

#include "kernel/file.hpp"

namespace lodger::cli {
namespace {

std::string_view to_string(Level level) {
  switch (level) {
    case Level::error: return "error";
    case Level::warning: return "warning";
    case Level::info: return "info";
    case Level::debug: return "debug";
  }
  __builtin_unreachable();
}

/// In quotes, with the escapes that both JSON strings and the text format know.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out.append(1, '\\').push_back(c);
    else if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out.push_back(c);
  }
  return out + "\"";
}

std::string now() {
  const time_t seconds = ::time(nullptr);
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

}  // namespace

std::string json_record(Level level, std::string_view message, std::string_view time) {
  return fmt::format("{{\"level\":\"{}\",\"msg\":{},\"time\":\"{}\"}}\n", to_string(level), quoted(message),
                     time);
}

std::string text_record(Level level, std::string_view message, std::string_view time) {
  return fmt::format("time=\"{}\" level={} msg={}\n", time, to_string(level), quoted(message));
}

std::string text_record(Level level, std::string_view message) { return text_record(level, message, now()); }

Outcome<kernel::Fd<kernel::File>> Log::open() const {
  return explained(kernel::openat(kernel::cwd, path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644),
                   fmt::format("opening the log {}", path));
}

Outcome<> Log::check() const {
  if (!path.empty()) TRY(open());
  return {};
}

Outcome<> Log::write(Level level, std::string_view message) const {
  if (level > most || (path.empty() && !json && level != Level::debug)) return {};
  const std::string record = json ? json_record(level, message, now()) : text_record(level, message, now());
  if (path.empty()) return explained(kernel::write_once(2, record), "writing to stderr");
  const auto file = TRY(open());
  return explained(kernel::write_once(file.get(), record), fmt::format("writing the log {}", path));
}

}  // namespace lodger::cli
