# find_package(hypr) gives the target hypr::hypr. Relocatable: the prefix is found from where this file lies.

# There are no components: an optional one is absent, a required one makes all of it absent.
unset(hypr_unknown)
foreach(hypr_component IN LISTS hypr_FIND_COMPONENTS)
  set(hypr_${hypr_component}_FOUND FALSE)
  if(hypr_FIND_REQUIRED_${hypr_component})
    list(APPEND hypr_unknown ${hypr_component})
  endif()
endforeach()
unset(hypr_component)
if(hypr_unknown)
  list(JOIN hypr_unknown ", " hypr_unknown)
  set(hypr_FOUND FALSE)
  set(hypr_NOT_FOUND_MESSAGE "hypr has no components, and these are required: ${hypr_unknown}")
  unset(hypr_unknown)
  return()
endif()

if(TARGET hypr::hypr)
  return()
endif()

get_filename_component(hypr_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

add_library(hypr::hypr SHARED IMPORTED)
set_target_properties(hypr::hypr PROPERTIES
  IMPORTED_LOCATION "${hypr_prefix}/lib/libhypr.so.0"
  IMPORTED_SONAME "libhypr.so.0"
  INTERFACE_INCLUDE_DIRECTORIES "${hypr_prefix}/include")

unset(hypr_prefix)
