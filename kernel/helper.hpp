// A program of ours that does what a static lodger cannot: it is linked with libraries of others, and started
// only where it is needed. The two speak in words over its stdin, one question after the other, a long one in
// several datagrams; the program speaks first, when it is ready or cannot be. It ends with the socket, and is
// killed with us.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "kernel/failure.hpp"
#include "kernel/memory.hpp"
#include "kernel/socket.hpp"
#include "kernel/spawn.hpp"
#include "kernel/words.hpp"

namespace lodger::kernel {

/// The first word of an answer: done, with what was asked for, or failed, with a text and an errno.
inline constexpr const char* answer_done = "done";
inline constexpr const char* answer_failed = "failed";

/// Where a program of ours is: beside the running one, else in `installed`, a folder seen from the running
/// program's own: what is installed may be moved as a whole. ENOENT: nowhere; the text lists the places
/// behind `need`, and ends in `help`.
Outcome<std::string> find_helper(std::string_view program, std::string_view installed, std::string_view need,
                                 std::string_view help);

class Helper {
 public:
  /// Starts the program at `path` with one argument (none where it is null) and these variables.
  /// Every wait ends with EINTR when `interrupt`, a descriptor, becomes readable; -1: never.
  static Outcome<Helper> open(const std::string& path, const char* argument,
                              const std::vector<std::string>& environment, int interrupt = -1);

  /// Whether it is ready: its first answer, waited for once. `doing` begins the text of a silence; the
  /// program's own refusal stands for itself.
  Outcome<> ready(std::string_view doing);
  /// The words behind "done". A refusal is "<doing>: <the program's words>", with its errno as the code.
  Outcome<Words> ask(std::string_view doing, const Words& question);

  Helper(Helper&&) = default;
  Helper& operator=(Helper&& other) noexcept;
  /// Kills and reaps the program.
  ~Helper();

 private:
  Helper() = default;
  Outcome<> await(short events, std::string_view doing);
  Outcome<> put(std::string_view text, std::string_view doing);
  Outcome<std::string> hear(std::string_view doing);
  Outcome<Words> answer(std::string_view doing);
  Failure silence(std::string_view doing);

  std::string name_;
  Fd<Socket> socket_;
  Fd<Memory> errors_;  // its stderr: what the dynamic linker says
  Fd<Process> process_;
  int interrupt_ = -1;
  bool ready_ = false;
};

/// The program's side: its stdin.
inline constexpr int helper_socket = 0;
/// Says done with `words`, or failed.
bool say(const Outcome<Words>& answer);
/// The next question; nothing when lodger has ended or has what it wants. A text of no words is an empty one.
std::optional<Words> next_question();

}  // namespace lodger::kernel
