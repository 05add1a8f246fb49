# Several files compiled as one: they instantiate much the same of Eigen and of the library, and that,
# not their own text, is what takes the time. No file is changed by it, nor need any know of it: all
# headers that the files include come first, then each file in a namespace of its own, file_<stem>,
# where its includes are empty by then. A missing include can hide that way; the preset `clang`
# compiles every file alone.

# latent_together(<result> <name> <size> <file> ...): the files to compile instead, about <size> of the
# given ones in each. A file that could not stand in a namespace is left as it is: one that opens a
# namespace of others, or has lines for the preprocessor that are no includes.
function(latent_together result name together)
  set(alone "")
  set(wrapped "")
  foreach(file IN LISTS ARGN)
    file(STRINGS ${file} obstacles
         REGEX "^(namespace (latent|Catch|Eigen|std)|#[ ]*(define|undef|if|ifdef|ifndef|pragma))")
    if(obstacles OR together LESS 2)
      list(APPEND alone ${file})
    else()
      list(APPEND wrapped ${file})
    endif()
  endforeach()

  list(LENGTH wrapped count)
  math(EXPR units "(${count} + ${together} - 1) / ${together}")
  set(at 0)
  set(made "")
  foreach(unit RANGE 1 ${units})
    if(unit GREATER units)  # RANGE counts down from 1 to 0
      break()
    endif()
    math(EXPR end "${count} * ${unit} / ${units}")
    math(EXPR size "${end} - ${at}")
    list(SUBLIST wrapped ${at} ${size} files)
    set(at ${end})
    set(includes "")
    set(bodies "")
    foreach(file IN LISTS files)
      file(STRINGS ${file} lines REGEX "^#[ ]*include")
      get_filename_component(folder ${file} DIRECTORY)
      get_filename_component(stem ${file} NAME_WE)
      foreach(line IN LISTS lines)
        # What lies beside the file does not lie beside the unit.
        string(REGEX REPLACE "^[^\"]*\"([^\"]+)\".*" "${folder}/\\1" beside "${line}")
        if(line MATCHES "\"" AND EXISTS "${beside}")
          set(line "#include \"${beside}\"")
        endif()
        list(APPEND includes "${line}")
      endforeach()
      string(MAKE_C_IDENTIFIER "file_${stem}" space)
      string(APPEND bodies "namespace ${space} {\n#include \"${file}\"\n}\n")
      # Its includes are read here, so a change of them must be.
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    endforeach()
    list(REMOVE_DUPLICATES includes)
    list(JOIN includes "\n" includes)
    set(path ${CMAKE_CURRENT_BINARY_DIR}/together/${name}_${unit}.cpp)
    file(CONFIGURE OUTPUT ${path} CONTENT "${includes}\n${bodies}" @ONLY)
    list(APPEND made ${path})
  endforeach()
  set(${result} ${alone} ${made} PARENT_SCOPE)
endfunction()
