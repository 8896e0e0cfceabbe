#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

/// Reading what another program sent: what is missing or of another type is empty, never an error.
namespace troupe::cli {

/// The member at `path` ("error.details.code"), or null when there is none.
const boost::json::value* find(const boost::json::value& from, std::string_view path);
const boost::json::value* find(const boost::json::object& from, std::string_view path);

std::string_view text_at(const boost::json::value& from, std::string_view path);
std::string_view text_at(const boost::json::object& from, std::string_view path);
bool flag_at(const boost::json::value& from, std::string_view path);
std::int64_t number_at(const boost::json::value& from, std::string_view path,
                       std::int64_t otherwise = 0);
/// An empty object when it is not one.
const boost::json::object& object_at(const boost::json::value& from, std::string_view path);

/// The text of a message's content: a string, or the text blocks of an array one after another.
/// Source: protocol.md section 6.
std::string content_text(const boost::json::value& content);

} // namespace troupe::cli
