// What the probe said: "key=value" lines, asked for by key. Asking for a fact that the probe never stated
// fails the test: a probe that did not run proves nothing.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace lodger::test {

class Facts {
 public:
  Facts() = default;
  explicit Facts(const std::string& text);

  /// The value; a failed requirement where the probe did not state it, or stated it more than once.
  const std::string& operator[](const std::string& key) const;
  bool has(const std::string& key) const { return facts_.contains(key); }
  /// All values of a key that may come several times, in order.
  std::vector<std::string> all(const std::string& key) const;

 private:
  std::multimap<std::string, std::string> facts_;
  std::string text_;
};

/// The words of a line, separated by blanks: "stat /dev/null ; ids".
std::vector<std::string> words(const std::string& line);

}  // namespace lodger::test
