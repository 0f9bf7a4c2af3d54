# Our headers keep a field's comment behind it; for the API reference it is made one that Doxygen knows. Also a file's first comment.
1s|^/\*$|/** @file|
s|^(.*[;,{a-zA-Z0-9_][[:space:]]+)/\* (.*\*/)$|\1/**< \2|
