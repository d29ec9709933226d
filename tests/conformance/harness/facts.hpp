// What the probe said inside of a container: "key=value" lines.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace conformance {

class Facts {
 public:
  Facts() = default;
  explicit Facts(const std::string& text);

  /// The value, or "(the probe did not say)": silence never equals what a case expects.
  std::string operator[](const std::string& key) const;
  bool has(const std::string& key) const { return facts_.contains(key); }
  /// The values of a key that may come several times, in order.
  std::vector<std::string> all(const std::string& key) const;
  const std::multimap<std::string, std::string>& map() const { return facts_; }

 private:
  std::multimap<std::string, std::string> facts_;
};

/// The words of a line, separated by blanks: "stat /dev/null ; ids".
std::vector<std::string> words(const std::string& line);

}  // namespace conformance
