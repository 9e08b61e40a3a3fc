// A CommonJS module, as many libraries are.
'use strict';

exports.pick = function (list, index) {
  return list[index % list.length];
};
