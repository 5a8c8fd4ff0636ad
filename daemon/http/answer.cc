#include "daemon/http/answer.h"

#include <boost/json.hpp>

#include "daemon/answer/journey_json.h"

namespace rastro {
namespace {

namespace json = boost::json;

ApiAnswer problem_answer(unsigned status, std::string_view title, std::string_view detail,
                         std::string_view parameter) {
  json::object body{{"type", "about:blank"},
                    {"title", title},
                    {"status", status},
                    {"detail", valid_utf8(detail)}};
  if (!parameter.empty()) body["parameter"] = valid_utf8(parameter);
  ApiAnswer answer;
  answer.status = status;
  answer.content_type = "application/problem+json";
  answer.body = json::serialize(body);
  return answer;
}

}  // namespace

ApiAnswer ok(const json::object& body, std::size_t rows) {
  ApiAnswer answer;
  answer.body = json::serialize(body);
  answer.rows = rows;
  return answer;
}

ApiAnswer problem(unsigned status, std::string_view title, std::string_view detail) {
  return problem_answer(status, title, detail, "");
}

ApiAnswer bad_parameter(const ParameterError& error) {
  return problem_answer(400, "bad parameter", error.parameter + ": " + error.detail,
                        error.parameter);
}

}  // namespace rastro
