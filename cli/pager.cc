#include "cli/pager.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace rastro::cli {
namespace {

std::string pager_command() {
  for (const auto* name : {"RASTRO_PAGER", "PAGER"}) {
    if (const char* value = std::getenv(name); value != nullptr) return value;
  }
  return "less";
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto got = write(descriptor, text.data(), text.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;  // the reader has seen enough
    text.remove_prefix(static_cast<std::size_t>(got));
  }
}

[[noreturn]] void become_pager(const std::string& command, const std::array<int, 2>& pipe_ends) {
  dup2(pipe_ends[0], STDIN_FILENO);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  // Colours as they are, quit when it fits after all, leave the text on the screen.
  setenv("LESS", "FRX", 0);
  setenv("LESSCHARSET", "utf-8", 0);
  execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  _exit(127);
}

}  // namespace

bool page(std::string_view text, const Terminal& terminal) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  const auto command = pager_command();
  if (terminal.height == 0 || lines < terminal.height || command.empty() || command == "cat")
    return false;
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return false;
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return false;
  }
  if (child == 0) become_pager(command, ends);
  close(ends[0]);
  // Ctrl-C belongs to the pager while it runs; a pager that is left early is no error.
  const auto old_int = signal(SIGINT, SIG_IGN);
  const auto old_pipe = signal(SIGPIPE, SIG_IGN);
  write_all(ends[1], text);
  close(ends[1]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  signal(SIGINT, old_int);
  signal(SIGPIPE, old_pipe);
  // 127: there is no such program, so nobody has seen anything.
  return !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}

}  // namespace rastro::cli
