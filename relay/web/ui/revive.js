// A page whose modules did not arrive (a flaky mobile network while a booth boots) is dead: nobody is there to reload it.
// This classic script comes first and alone, and does so.
window.setTimeout(() => {
  if (!document.body.dataset.at) location.reload();
}, 15000);
