#include "record.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "files.hpp"

namespace conformance {

using nlohmann::json;

void Record::failure(const Failure& f) {
  write({{"what", f.what}, {"expected", f.expected}, {"saw", f.saw}});
}
void Record::skipped(const std::string& reason) { write({{"skipped", reason}}); }
void Record::command(const std::string& text) { write({{"command", text}}); }
void Record::done(std::size_t expectations) { write({{"done", expectations}}); }

void Record::write(const json& line) {
  // What a runtime prints need not be UTF-8.
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(70);
}

Verdict read_record(int fd, const std::string& ending) {
  Verdict verdict{.kind = Verdict::Kind::passed};
  bool done = false;
  for (const auto& text : lines(read_file("/proc/self/fd/" + std::to_string(fd)))) {
    const json line = json::parse(text);
    if (line.contains("what")) verdict.failures.push_back({line["what"], line["expected"], line["saw"]});
    if (line.contains("command")) verdict.commands.push_back(line["command"]);
    if (line.contains("skipped")) verdict.kind = Verdict::Kind::skipped, verdict.reason = line["skipped"];
    if (line.contains("done")) {
      done = true;
      if (line["done"] == 0)
        verdict.failures.push_back({"the case", "to expect something", "no expectation"});
    }
  }
  if (!ending.empty()) verdict.failures.push_back({"the case", "to come to its end", ending});
  if (!done && verdict.failures.empty() && verdict.kind != Verdict::Kind::skipped)
    verdict.failures.push_back({"the case", "to come to its end", "nothing"});
  if (!verdict.failures.empty()) verdict.kind = Verdict::Kind::failed;
  return verdict;
}

}  // namespace conformance
