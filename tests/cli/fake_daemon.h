#pragma once

#include <map>
#include <string>
#include <thread>
#include <vector>

namespace rastro::cli {

// A rastrod that gives prepared answers at a Unix socket in a directory of its own, one connection
// after the other, and remembers what it was asked. Answers are found by the path without
// parameters, or by "?name" when that parameter is given; anything else gets a 404 as rastrod's
// router gives it.
class FakeDaemon {
 public:
  struct Reply {
    unsigned status = 200;
    std::string body;
    std::string content_type = "application/json";
  };
  explicit FakeDaemon(std::map<std::string, Reply> replies);
  ~FakeDaemon();
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  std::string socket() const { return directory_ + "/socket"; }
  // Request lines, "GET /v1/journeys?recipient=...", in order. Call it after the command ended.
  std::vector<std::string> asked() const { return asked_; }

 private:
  void serve();
  void answer(int connection);

  std::map<std::string, Reply> replies_;
  std::string directory_;
  int listener_ = -1;
  std::vector<std::string> asked_;
  std::thread thread_;
};

}  // namespace rastro::cli
