// Where in a document a reader stands: a chain of small nodes on the stack, free until an error is printed.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "spec/json.hpp"

namespace lodger::spec {

/// What the readers of one document say of it.
struct Told {
  Failure failure;
  std::vector<std::string> remarks;  // on what is taken, and is not what the specification has
};

/// A node borrows its parent and its key: it must not outlive the expression or scope that made it.
class Where {
 public:
  /// The root. `document` names it in errors about the whole ("config.json"); `prefix` starts all paths
  /// ("process", where a process object is a document of its own). The first refusal goes to `told.failure`.
  Where(Told& told, std::string_view document, std::string_view prefix = {})
      : told_(&told), document_(document), key_(prefix) {}
  Where(const Where& parent, std::string_view key) : parent_(&parent), key_(key) {}
  Where(const Where& parent, std::size_t index) : parent_(&parent), index_(index) {}
  Where(const Where&) = delete;
  Where& operator=(const Where&) = delete;

  /// "linux.seccomp.syscalls[3].action"; keys that are no plain words stand as ["net.core.somaxconn"].
  std::string path() const;

  /// Writes "<path>: <why>" to the root's failure. Always false, so that readers can return it.
  [[nodiscard]] bool refuse(std::string_view why) const;
  /// Adds "<path>: <what>" to the root's remarks.
  void remark(std::string_view what) const;
  /// The refusal "expected <what>, found <kind of value>".
  [[nodiscard]] bool expected(std::string_view what, Value found) const;

 private:
  const Where& root() const;
  std::string line(std::string_view text) const;

  const Where* parent_ = nullptr;
  Told* told_ = nullptr;
  std::string_view document_, key_;
  std::size_t index_ = 0;
};

}  // namespace lodger::spec
