// The program that every test container runs: verbs that say what a process sees from inside, one fact per
// line as "key=value". It judges nothing; the tests outside compare. A verb that cannot look says why
// ("stat:/x.errno=2"), so that silence never means success.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace probe {

using Words = std::span<char* const>;

/// One verb: its name, how many words it needs at least, and what it does with them.
struct Verb {
  std::string_view name;
  std::size_t words;
  void (*act)(Words words);
};

/// Writes "key=value\n" to stdout in one write(2); a newline in the value becomes "\n" in two characters.
void say(std::string_view key, std::string_view value);
void say(std::string_view key, long value);
/// "errno=N" (0 when `answer` is not negative) under `key`.
void say_errno(std::string_view key, long answer);

/// The whole file, or nothing where it cannot be read (errno tells).
std::string slurp(const char* path);
/// A decimal or 0x/0-prefixed number; anything else ends the probe with status 64.
long number(const char* word);

// Each file's verbs.
std::span<const Verb> identity_verbs();
std::span<const Verb> file_verbs();
std::span<const Verb> process_verbs();
std::span<const Verb> network_verbs();
std::span<const Verb> socket_verbs();
std::span<const Verb> stalk_verbs();
std::span<const Verb> load_verbs();
std::span<const Verb> answer_verbs();
std::span<const Verb> frame_verbs();

}  // namespace probe
