#include "cli/client.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace rastro::cli {
namespace {

namespace http = boost::beast::http;

std::string encode(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

Error unreachable(const std::string& path, const std::string& why) {
  return make_error(Error::Code::unavailable,
                    "no answer from rastrod at " + path + ": " + why +
                        "\nIs it running (systemctl status rastrod), and may you use the socket "
                        "(group rastro)? Another socket: --socket PATH or RASTRO_SOCKET.");
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
  boost::system::error_code error;
  boost::asio::io_context context;
  boost::asio::local::stream_protocol::socket socket(context);
  if (socket_path_.size() > 107) return unreachable(socket_path_, "the path is too long");
  socket.connect(boost::asio::local::stream_protocol::endpoint(socket_path_), error);
  if (error) return unreachable(socket_path_, error.message());
  const timeval timeout{kTimeout.count(), 0};
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);

  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, "localhost");
  request.set(http::field::user_agent, "rastro");
  request.keep_alive(false);
  http::write(socket, request, error);
  if (error) return unreachable(socket_path_, error.message());

  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyBytesMax);
  http::read(socket, buffer, parser, error);
  if (error) return unreachable(socket_path_, error.message());
  auto message = parser.release();
  Response response;
  response.status = message.result_int();
  response.content_type = std::string(message[http::field::content_type]);
  response.body = std::move(message.body());
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
  const auto detail = text("detail");
  const auto title = text("title");
  if (!detail.empty()) return detail;
  if (!title.empty()) return title;
  return "rastrod answered " + std::to_string(response.status);
}

}  // namespace rastro::cli
