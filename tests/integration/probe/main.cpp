// probe VERB [WORD...] [; VERB [WORD...]]...: runs the verbs in order. See probe.hpp.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "probe.hpp"

namespace probe {

void say(std::string_view key, std::string_view value) {
  std::string line(key);
  line += '=';
  for (const char c : value) c == '\n' ? void(line += "\\n") : line.push_back(c);
  line += '\n';
  if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(65);
}

void say(std::string_view key, long value) { say(key, std::to_string(value)); }

void say_errno(std::string_view key, long answer) {
  say(std::string(key) + ".errno", answer < 0 ? static_cast<long>(errno) : 0L);
}

std::string slurp(const char* path) {
  std::string text;
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return text;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(n));
  const int error = errno;
  close(fd);
  errno = error;
  return text;
}

long number(const char* word) {
  char* end = nullptr;
  errno = 0;
  const long value = strtol(word, &end, 0);
  if (errno != 0 || end == word || *end != 0) {
    say("probe.not_a_number", word);
    _exit(64);
  }
  return value;
}

namespace {

const Verb* find(std::string_view name) {
  for (const auto verbs : {identity_verbs(), file_verbs(), process_verbs(), network_verbs(), socket_verbs(),
                           stalk_verbs(), load_verbs(), answer_verbs(), frame_verbs()})
    for (const Verb& verb : verbs)
      if (verb.name == name) return &verb;
  return nullptr;
}

void act(Words words) {
  const Verb* verb = find(words.front());
  if (verb == nullptr || words.size() - 1 < verb->words) {
    say("probe.bad_verb", words.front());
    _exit(64);
  }
  verb->act(words.subspan(1));
}

}  // namespace
}  // namespace probe

int main(int argc, char** argv) {
  std::vector<char*> words;
  for (int i = 1; i <= argc; ++i) {
    const bool end = i == argc || std::string_view(argv[i]) == ";";
    if (!end) words.push_back(argv[i]);
    if (end && !words.empty()) {
      probe::act(words);
      words.clear();
    }
  }
  return 0;
}
