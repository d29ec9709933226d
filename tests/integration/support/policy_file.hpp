// An administrator's word, for one test.
#pragma once
#include <string>
#include <vector>

#include "bundle.hpp"

namespace lodger::test {

/// A policy in a folder of root's, gone with the test.
class PolicyFile {
 public:
  explicit PolicyFile(const std::string& network, unsigned mode = 0644)
      : folder_("/run/lodger-test-policy-" + unique_name()), file(folder_ + "/policy.json") {
    support::make_folder(folder_, 0700);
    support::write_file(file, R"({"version": 1, "network": )" + network + "}", mode);
  }
  PolicyFile(const PolicyFile&) = delete;
  ~PolicyFile() { support::remove_tree(folder_); }
  std::vector<std::string> flags() const { return {"--policy", file}; }

 private:
  std::string folder_;

 public:
  const std::string file;
};

}  // namespace lodger::test
