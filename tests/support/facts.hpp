// What the probe said inside of a container: "key=value" lines. What silence means is for each side to say.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace support {

class Facts {
 public:
  Facts() = default;
  explicit Facts(const std::string& text);

  bool has(const std::string& key) const { return facts_.contains(key); }
  /// The values of a key that may come several times, in order.
  std::vector<std::string> all(const std::string& key) const;
  /// Everything that was said, other lines included.
  const std::string& text() const { return text_; }

 private:
  std::multimap<std::string, std::string> facts_;
  std::string text_;
};

}  // namespace support
