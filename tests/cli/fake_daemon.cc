#include "tests/cli/fake_daemon.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "core/check.h"

namespace rastro::cli {
namespace {

std::size_t content_length(const std::string& header) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const auto at = header.find(kName);
  return at == std::string::npos ? 0 : std::stoull(header.substr(at + kName.size()));
}

// With its body: closing a connection that holds unread bytes resets it, and takes the answer
// along.
std::string read_request(int connection) {
  std::string request;
  std::size_t wanted = std::string::npos;
  char block[65536];
  while (request.size() < wanted) {
    const auto got = read(connection, block, sizeof block);
    if (got <= 0) return {};
    request.append(block, static_cast<std::size_t>(got));
    const auto header = wanted == std::string::npos ? request.find("\r\n\r\n") : std::string::npos;
    if (header != std::string::npos)
      wanted = header + 4 + content_length(request.substr(0, header + 2));
  }
  return request;
}

}  // namespace

FakeDaemon::FakeDaemon(std::map<std::string, Reply> replies) : replies_(std::move(replies)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "rastro-cli-XXXXXX").string();
  RASTRO_CHECK(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
  RASTRO_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  RASTRO_CHECK(listen(listener_, 8) == 0);
  thread_ = std::thread([this] { serve(); });
}

FakeDaemon::~FakeDaemon() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
  std::filesystem::remove_all(directory_);
}

void FakeDaemon::serve() {
  for (;;) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    answer(connection);
    close(connection);
  }
}

void FakeDaemon::answer(int connection) {
  const auto request = read_request(connection);
  if (request.empty()) return;
  const auto line = request.substr(0, request.find(" HTTP/"));
  asked_.push_back(line);
  const auto target = line.substr(line.find(' ') + 1);
  const auto query = target.find('?');
  auto known = replies_.find(target.substr(0, query));
  for (auto one = replies_.begin(); query != std::string::npos && one != replies_.end(); ++one) {
    if (one->first.front() != '?') continue;
    const auto name = one->first.substr(1) + "=";
    if (target.find('?' + name) != std::string::npos ||
        target.find('&' + name) != std::string::npos)
      known = one;
  }
  const Reply reply =
      known != replies_.end()
          ? known->second
          : Reply{404, R"({"title":"no such resource","status":404,"detail":"not served here"})",
                  "application/problem+json"};
  const auto text = "HTTP/1.1 " + std::to_string(reply.status) +
                    " X\r\nContent-Type: " + reply.content_type + "\r\nConnection: close\r\n\r\n" +
                    reply.body;
  RASTRO_CHECK(write(connection, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace rastro::cli
