#include "cli/client.h"

#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <cstring>
#include <memory>

#include "cli/unix_stream.h"

namespace rastro::cli {
namespace {

namespace http = boost::beast::http;

std::string encode(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

Error unreachable(const std::string& path, const std::string& why) {
  return make_error(Error::Code::unavailable, path + ": " + why);
}

Result<std::unique_ptr<UnixStream>> connect_to(const std::string& path,
                                               std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return unreachable(path, "the path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return unreachable(path, std::strerror(errno));
  auto stream = std::make_unique<UnixStream>(descriptor, timeout);
  // A daemon with a full backlog keeps connect() waiting; this is what bounds it.
  const timeval limit{timeout.count() / 1000, timeout.count() % 1000 * 1000};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return unreachable(path, std::strerror(errno));
  return stream;
}

template <class Body>
boost::system::error_code send_request(UnixStream& stream, http::request<Body>& request) {
  boost::system::error_code error;
  request.set(http::field::host, "localhost");
  request.set(http::field::user_agent, "rastro");
  request.keep_alive(false);
  request.prepare_payload();
  http::write(stream, request, error);
  return error;
}

Response release(http::response_parser<http::string_body>& parser) {
  auto message = parser.release();
  Response response;
  response.status = message.result_int();
  response.content_type = std::string(message[http::field::content_type]);
  response.body = std::move(message.body());
  return response;
}

template <class Body>
Result<Response> exchange(const std::string& path, std::chrono::milliseconds timeout,
                          std::size_t body_bytes_max, http::request<Body>& request) {
  auto stream = connect_to(path, timeout);
  if (!stream) return stream.error();
  // A refused body is answered before it is read to its end: then sending fails, and the answer
  // stands there all the same.
  const auto sent = send_request(**stream, request);
  boost::system::error_code error;
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(body_bytes_max);
  http::read(**stream, buffer, parser, error);
  if (error) return unreachable(path, (sent ? sent : error).message());
  return release(parser);
}

}  // namespace

std::string encode_segment(std::string_view text) { return encode(text); }

std::string make_target(std::string_view path, const QueryParameters& parameters) {
  std::string target(path);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    target.push_back(separator);
    target.append(name).push_back('=');
    target.append(encode(value));
    separator = '&';
  }
  return target;
}

Result<Response> Client::get(const std::string& target) const {
  http::request<http::empty_body> request(http::verb::get, target, 11);
  return exchange(socket_path_, timeout_, kBodyBytesMax, request);
}

Result<Response> Client::post(const std::string& target, std::string_view content_type,
                              std::string body) const {
  http::request<http::string_body> request(http::verb::post, target, 11);
  request.set(http::field::content_type, content_type);
  request.body() = std::move(body);
  return exchange(socket_path_, timeout_, kBodyBytesMax, request);
}

Result<Response> Client::stream(const std::string& target,
                                const std::function<bool(std::string_view)>& on_bytes) const {
  auto stream = connect_to(socket_path_, timeout_);
  if (!stream) return stream.error();
  http::request<http::empty_body> request(http::verb::get, target, 11);
  boost::system::error_code error = send_request(**stream, request);
  if (error) return unreachable(socket_path_, error.message());
  boost::beast::flat_buffer buffer;
  http::response_parser<http::empty_body> header;
  header.body_limit(boost::none);
  http::read_header(**stream, buffer, header, error);
  if (error) return unreachable(socket_path_, error.message());
  if (header.get().result() != http::status::ok) {
    http::response_parser<http::string_body> whole(std::move(header));
    whole.body_limit(kBodyBytesMax);
    http::read(**stream, buffer, whole, error);
    if (error) return unreachable(socket_path_, error.message());
    return release(whole);
  }
  http::response_parser<http::buffer_body> parser(std::move(header));
  (*stream)->set_timeout(std::chrono::milliseconds(0));
  std::array<char, 16 * 1024> block{};
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = block.data();
    body.size = block.size();
    http::read_some(**stream, buffer, parser, error);
    if (error == http::error::need_buffer) error = {};
    const auto got = block.size() - body.size;
    if (got > 0 && !on_bytes({block.data(), got})) break;
    if (error == http::error::end_of_stream) break;
    if (error) return unreachable(socket_path_, error.message());
  }
  return Response{200, std::string(parser.get()[http::field::content_type]), {}};
}

namespace {

std::string refused_parameter(const Response& response) {
  if (response.status != 400) return {};
  boost::json::error_code error;
  const auto value = boost::json::parse(response.body, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* name = object == nullptr ? nullptr : object->if_contains("parameter");
  const auto* detail = object == nullptr ? nullptr : object->if_contains("detail");
  const bool both =
      name != nullptr && name->is_string() && detail != nullptr && detail->is_string();
  const bool unknown = both && detail->get_string().find("is no parameter") != std::string::npos;
  return unknown ? std::string(name->get_string()) : std::string();
}

std::string without_parameter(const std::string& target, const std::string& name) {
  const auto query = target.find('?');
  if (query == std::string::npos) return target;
  std::string out = target.substr(0, query);
  char mark = '?';
  for (auto at = query + 1; at < target.size();) {
    const auto end = std::min(target.find('&', at), target.size());
    const auto one = target.substr(at, end - at);
    at = end + 1;
    if (one.starts_with(name + "=")) continue;
    out += mark + one;
    mark = '&';
  }
  return out;
}

}  // namespace

Result<Response> ask_without_what_is_refused(
    std::string target, const std::function<Result<Response>(const std::string&)>& ask) {
  auto response = ask(target);
  for (int tries = 0; tries < 2; ++tries) {
    if (!response) return response;
    const auto refused = refused_parameter(*response);
    if (refused != "lang" && refused != "tz") return response;
    auto shorter = without_parameter(target, refused);
    if (shorter == target) return response;
    target = std::move(shorter);
    response = ask(target);
  }
  return response;
}

std::string describe_problem(const Response& response) {
  boost::json::error_code error;
  const auto value = boost::json::parse(response.body, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto text = [&](const char* name) -> std::string {
    const auto* field = object == nullptr ? nullptr : object->if_contains(name);
    return field != nullptr && field->is_string() ? std::string(field->get_string()) : "";
  };
  auto detail = text("detail");
  auto title = text("title");
  if (!detail.empty()) return detail;
  if (!title.empty()) return title;
  return "rastrod answered " + std::to_string(response.status);
}

}  // namespace rastro::cli
